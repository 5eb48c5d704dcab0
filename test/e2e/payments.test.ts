/**
 * Payments through a whole gateway, for both protocols: what the merchant is answered, what the twin really did, what the books
 * say, and what the merchant is told, when the channel misbehaves in each way a fault plan knows.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  endInOrder,
  clientOf,
  entries,
  freshNo,
  postings,
  type Scene,
  shown,
  startScene,
  type TwinControl,
} from './harness.ts';
import { member, textAt, until } from './http.ts';
import type { Merchant, Told } from './parties.ts';
import { isPayinSigned, isStandardWebhook, isUnifiedSigned } from './receiver.ts';
import { forProtocol, table } from './table.ts';

const amount = 20_000;

/** Faults of interface.md by a short name. Times are real milliseconds. */
const plans: Readonly<Record<string, readonly object[]>> = {
  decline: [{ kind: 'decline' }],
  'drop-before': [{ kind: 'drop-before' }],
  'never-answer': [{ kind: 'execute-and-never-answer' }],
  'answer-late': [{ kind: 'answer-late', ms: 1_200 }],
  truncate: [{ kind: 'truncate', bytes: 30 }],
  'truncate-0': [{ kind: 'truncate', bytes: 0 }],
  'http-500': [{ kind: 'http-500' }],
  'http-500-undone': [{ kind: 'http-500', executed: false }],
  html: [{ kind: 'html' }],
  'bad-signature': [{ kind: 'bad-signature' }],
  'wrong-amount': [{ kind: 'wrong-amount' }],
  'found-late': [{ kind: 'html' }, { kind: 'not-found', ms: 1_000 }],
  pending: [{ kind: 'pending', ms: 900 }],
  'no-callback': [{ kind: 'callback', times: 0 }],
  'three-callbacks': [{ kind: 'callback', times: 3 }],
  'late-callback': [{ kind: 'callback', delayMs: 2_500 }],
  'early-callback': [{ kind: 'callback', beforeReply: true }],
  'forged-callback': [{ kind: 'callback', forged: true }],
  'wrong-callback': [{ kind: 'callback', wrongAmount: true }],
};

/**
 * create: the answer to the create. ends: the state in the end. told: states of the notices, in order. books: postings.
 * A refused create is final and told by its answer; a failure that is found later is told by a notice. BluePay's query shows no
 * payment code: a unified create whose answer got lost stays unknown until somebody pays or says how it ended.
 */
const stories = table(`
  story                          plan             create                               then            ends    told              books           reviews
  paid                           -                accepted                             pay             paid    SUCCESS           received        -
  refused by the payer           -                accepted                             decline         failed  FAIL              -               -
  a clear no                     decline          refused                              -               failed  -                 -               -
  cut before anything happened   drop-before      refused                              -               failed  FAIL              -               -
  done, never answered           never-answer     unknown                              pay             paid    SUCCESS           received        -
  answered late                  answer-late      accepted                             pay             paid    SUCCESS           received        -
  answer breaks off              truncate         payin: accepted / unified: unknown   pay             paid    SUCCESS           received        -
  answer without a byte          truncate-0       payin: accepted / unified: unknown   pay             paid    SUCCESS           received        -
  HTTP 500 though done           http-500         payin: accepted / unified: unknown   pay             paid    SUCCESS           received        -
  HTTP 500, nothing done         http-500-undone  refused                              -               failed  FAIL              -               -
  a web page for an answer       html             payin: accepted / unified: unknown   pay             paid    SUCCESS           received        -
  a wrong signature              bad-signature    accepted                             pay             paid    SUCCESS           received        -
  a wrong amount in the answer   wrong-amount     payin: unknown / unified: accepted   pay             paid    SUCCESS           received        payin: amount-mismatch / unified: -
  found only after a while       found-late       payin: accepted / unified: unknown   pay             paid    SUCCESS           received        -
  result only later              pending          accepted                             pay             paid    SUCCESS           received        -
  callback lost                  no-callback      accepted                             pay             paid    SUCCESS           received        -
  callback three times           three-callbacks  accepted                             pay             paid    SUCCESS           received        -
  callback late                  late-callback    accepted                             pay             paid    SUCCESS           received        -
  callback before the answer     early-callback   accepted                             -               paid    SUCCESS           received        -
  forged callback beside         forged-callback  accepted                             pay             paid    SUCCESS           received        -
  callback with another sum      wrong-callback   accepted                             pay             open    -                 suspense 20001  amount-mismatch
  paid too little                -                accepted                             pay 19999       open    -                 suspense 19999  amount-mismatch
  paid too much                  -                accepted                             pay 20001       open    -                 suspense 20001  amount-mismatch
  paid twice                     -                accepted                             pay, pay again  paid    SUCCESS           received twice  second-success
  refused, then paid after all   -                accepted                             decline, pay    paid    FAIL, SUCCESS     received        late-money
`);

const fees: Readonly<Record<string, number>> = { payin: 2_500, unified: 800 };

let s: Scene;
before(async () => {
  s = await startScene();
});
after(() => endInOrder(s));

interface Played {
  readonly no: string;
  readonly merchant: Merchant;
  readonly told: Told;
  readonly path: string;
}

async function play(protocol: Merchant['protocol'], plan: string, then: string): Promise<Played> {
  const merchant = clientOf(s.a, protocol);
  const twin = s.twin(merchant.twin);
  const no = freshNo();
  const path = `/n/${no}`;
  const faults = plans[plan];
  if (faults) await twin.plan({ merchantOrderNo: no, operation: 'pay' }, faults);
  // The lie must come before the query that knows better.
  if (plan === 'wrong-callback')
    await twin.plan({ merchantOrderNo: no, operation: 'query-payment' }, [{ kind: 'html' }], 0);
  const told = await merchant.pay(no, amount, s.receiver.url + path);
  for (const step of then.split(', ').filter((one) => one !== '')) await act(twin, no, told, step);
  return { no, merchant, told, path };
}

/** Each step waits until the gateway has heard of the one before. */
async function act(twin: TwinControl, no: string, told: Told, step: string): Promise<void> {
  const [what, extra] = step.split(' ');
  const name = told.payCode === '' ? { merchantOrderNo: no } : { code: told.payCode };
  if (extra === 'again') {
    await endsAs(no, 'paid');
    await twin.pay({ ...name, again: true });
  } else if (what === 'decline') {
    await twin.pay({ ...name, outcome: 'declined' });
    await endsAs(no, 'failed');
  } else await twin.pay({ ...name, ...(extra === undefined ? {} : { amount: extra }) });
}

function endsAs(no: string, state: string): Promise<unknown> {
  return until(
    `${no} ${state}`,
    async () => {
      const order = await shown(s, no);
      return textAt(order, 'state') === state && order;
    },
    30_000,
  );
}

function booksFor(protocol: string, cell: string): string {
  const received = `receive ${amount}, receive-fee ${fees[protocol]}`;
  if (cell === 'received') return received;
  if (cell === 'received twice') return `${received}, suspense-in ${amount}`;
  return cell.replace('suspense ', 'suspense-in ');
}

async function notNothing(what: string, look: () => Promise<string>, expected: string): Promise<void> {
  if (expected !== '')
    await until(`${what}: ${expected}`, async () => (await look()) === expected).catch(() => undefined);
  assert.equal(await look(), expected, what);
}

describe('a payment', { concurrency: true }, () => {
  for (const protocol of ['payin', 'unified'] as const)
    for (const row of stories)
      test(`${protocol}: ${row['story']}`, async () => {
        const cell = (name: string) => forProtocol(row[name] ?? '', protocol);
        const { no, merchant, told, path } = await play(protocol, cell('plan'), cell('then'));
        assert.equal(told.verdict, cell('create'), told.raw);

        await notNothing('reviews', async () => reasonsOf(await shown(s, no)), cell('reviews'));
        await notNothing('books', async () => postings(await shown(s, no)), booksFor(protocol, cell('books')));
        if (cell('plan') === 'wrong-callback') await answersQueriesAgain(merchant, no);
        const order = cell('ends') === 'open' ? await shown(s, no) : await endsAs(no, cell('ends'));
        if (cell('ends') === 'open') assert.match(textAt(order, 'state'), /pending|unknown/);

        await toldTruly(order, path, cell('told'), protocol);
        await executedAtMostOnce(order, merchant, cell('then'));
        const says = await merchant.queryPay(told, no);
        assert.equal(says, cell('ends') === 'open' ? 'pending' : cell('ends'));
        await repeatedAlike(merchant, told, no, path);
      });
});

/** Removes the plan that kept queries unanswered, and lets the gateway ask a few times. */
async function answersQueriesAgain({ twin }: Merchant, no: string): Promise<void> {
  const { json } = await s.twin(twin).call('GET', 'plan');
  const plans: readonly unknown[] = Array.isArray(json) ? json : [];
  const own = plans.find((plan) => member(plan, 'match', 'merchantOrderNo') === no);
  await s.twin(twin).call('DELETE', `plan?id=${textAt(own, 'id')}`);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}

function reasonsOf(order: unknown): string {
  return entries(order, 'review')
    .map((review) => textAt(review, 'reason'))
    .join(', ');
}

/** The notices that came, in order, each signed as its protocol says and as Standard Webhooks say; none beyond those the books know. */
async function toldTruly(order: unknown, path: string, expected: string, protocol: string): Promise<void> {
  const merchant = clientOf(s.a, protocol === 'payin' ? 'payin' : 'unified');
  const count = expected === '' ? 0 : expected.split(', ').length;
  await until(`${count} notices at ${path}`, () => s.receiver.at(path).length >= count);
  const got = s.receiver.at(path);
  assert.equal(got.map((one) => merchant.noticeState(one.json)).join(', '), expected);
  assert.equal(entries(await shown(s, textAt(order, 'id')), 'notice').length, count);
  for (const one of got) {
    const isOwn =
      protocol === 'payin'
        ? isPayinSigned(one, s.a.payin.keys.apiKey)
        : isUnifiedSigned(one, unifiedSecret(s.a.unified.keys.headers['x-api-key'] ?? ''));
    assert.ok(isOwn, 'the protocol’s own signature');
    assert.ok(isStandardWebhook(one, s.a.webhookSecret), 'the Standard Webhooks signature');
    if (protocol === 'unified') assert.deepEqual(member(one.json, 'passBack'), { p1: 'v1', p2: 'v2' });
  }
}

function unifiedSecret(apiKey: string): string {
  return apiKey.slice(apiKey.indexOf('.') + 1);
}

async function executedAtMostOnce(order: unknown, merchant: Merchant, then: string): Promise<void> {
  const executions = await s.twin(merchant.twin).executions(textAt(order, 'reference'));
  const counts = executions.map((one) => member(one, 'count'));
  const isGone = textAt(order, 'state') === 'failed' && then === '';
  assert.deepEqual(counts, isGone ? [] : [then.includes('again') ? 2 : 1]);
}

/** Rulings, Repeats: the same content is answered as the first time, and nothing new is made of it. */
async function repeatedAlike(merchant: Merchant, told: Told, no: string, path: string): Promise<void> {
  const before = s.receiver.at(path).length;
  const again = await merchant.pay(no, amount, s.receiver.url + path);
  if (told.verdict === 'accepted') assert.equal(again.raw, told.raw);
  else if (told.verdict === 'refused') assert.equal(again.verdict, 'refused');
  else assert.notEqual(again.verdict, 'refused', again.raw);
  const other = await merchant.pay(no, amount + 1, s.receiver.url + path);
  assert.equal(other.verdict, 'refused', other.raw);
  assert.equal(s.receiver.at(path).length, before);
}

describe('channels that cannot be reached', () => {
  for (const protocol of ['payin', 'unified'] as const)
    test(`${protocol}: refused connection: nothing left us, the order fails at once and no money is held`, async () => {
      const merchant = clientOf(s.b, protocol);
      const twin = s.twin(merchant.twin);
      await twin.plan({}, [{ kind: 'down' }]);
      const no = freshNo();
      const out = freshNo();
      const told = await merchant.pay(no, amount, `${s.receiver.url}/n/${no}`);
      const toldOut = await merchant.payOut(out, amount, `${s.receiver.url}/n/${out}`);
      await twin.call('DELETE', 'plan');
      assert.equal(told.verdict, 'refused', told.raw);
      assert.equal(toldOut.verdict, 'refused', toldOut.raw);
      assert.equal(textAt(await shown(s, no), 'state'), 'failed');
      assert.match(postings(await shown(s, out)), /^hold (\d+), release \1$/);
      assert.equal((await merchant.pay(freshNo(), amount, `${s.receiver.url}/n/x`)).verdict, 'accepted');
    });
});
