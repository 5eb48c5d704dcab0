/**
 * Payouts through a whole gateway, for both protocols. Money is held before the channel hears of it and stays held until somebody
 * knows; nothing is executed twice; a time-out is never a failure.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  balancesOf,
  endInOrder,
  clientOf,
  entries,
  freshNo,
  newMerchant,
  postings,
  type Scene,
  shown,
  startScene,
} from './harness.ts';
import { member, textAt, until } from './http.ts';
import type { Merchant, Told } from './parties.ts';
import { forProtocol, table } from './table.ts';

const amount = 50_000;
const fee = 2_500;

const plans: Readonly<Record<string, readonly object[]>> = {
  decline: [{ kind: 'decline' }],
  'decline-later': [{ kind: 'decline-later', ms: 600 }],
  'never-answer': [{ kind: 'execute-and-never-answer' }],
  'answer-late': [{ kind: 'answer-late', ms: 900 }],
  truncate: [{ kind: 'truncate', bytes: 20 }],
  'http-500': [{ kind: 'http-500' }],
  html: [{ kind: 'html' }],
  'bad-signature': [{ kind: 'bad-signature' }],
  'found-late': [{ kind: 'http-500' }, { kind: 'not-found', ms: 1_500 }],
  pending: [{ kind: 'pending', ms: 900 }],
  'no-callback': [{ kind: 'callback', times: 0 }],
  'three-callbacks': [{ kind: 'callback', times: 3 }],
  'late-callback': [{ kind: 'callback', delayMs: 1_500 }],
  'early-callback': [{ kind: 'callback', beforeReply: true }],
  'forged-callback': [{ kind: 'callback', forged: true }],
  'wrong-callback': [{ kind: 'callback', wrongAmount: true }],
  'false-failure': [{ kind: 'callback' }, { kind: 'callback', status: 'failed', delayMs: 500 }],
  returned: [{ kind: 'returned', ms: 400 }],
};

/** Without a plan a payout succeeds by itself. */
const stories = table(`
  story                          plan             create    ends       told           books     reviews
  paid out                       -                accepted  succeeded  SUCCESS        paid      -
  a clear no                     decline          refused   failed     -              released  -
  refused by the bank            decline-later    accepted  failed     FAIL           released  -
  done, never answered           never-answer     pending   succeeded  SUCCESS        paid      -
  answered late                  answer-late      accepted  succeeded  SUCCESS        paid      -
  answer breaks off              truncate         pending   succeeded  SUCCESS        paid      -
  HTTP 500 though done           http-500         pending   succeeded  SUCCESS        paid      -
  a web page for an answer       html             pending   succeeded  SUCCESS        paid      -
  a wrong signature              bad-signature    accepted  succeeded  SUCCESS        paid      -
  found only after a while       found-late       pending   succeeded  SUCCESS        paid      -
  result only later              pending          accepted  succeeded  SUCCESS        paid      -
  callback lost                  no-callback      accepted  succeeded  SUCCESS        paid      -
  callback three times           three-callbacks  accepted  succeeded  SUCCESS        paid      -
  callback late                  late-callback    accepted  succeeded  SUCCESS        paid      -
  callback before the answer     early-callback   accepted  succeeded  SUCCESS        paid      -
  forged callback beside         forged-callback  accepted  succeeded  SUCCESS        paid      -
  success, then a false failure  false-failure    accepted  succeeded  SUCCESS        paid      contradiction
  comes back after success       returned         accepted  returned   SUCCESS, FAIL  returned  -
`);

const books: Readonly<Record<string, string>> = {
  paid: `hold ${amount + fee}, pay ${amount}, pay-fee ${fee}`,
  released: `hold ${amount + fee}, release ${amount + fee}`,
  returned: `hold ${amount + fee}, pay ${amount}, pay-fee ${fee}, return ${amount}`,
};

let s: Scene;
before(async () => {
  s = await startScene();
});
after(() => endInOrder(s));

async function send(merchant: Merchant, plan: string): Promise<{ no: string; told: Told; path: string }> {
  const no = freshNo('O');
  const path = `/n/${no}`;
  const faults = plans[plan];
  if (faults) await s.twin(merchant.twin).plan({ merchantOrderNo: no, operation: 'pay-out' }, faults);
  return { no, path, told: await merchant.payOut(no, amount, s.receiver.url + path) };
}

/** `pending`: accepted or open, in whatever words the protocol has for it, but no failing one. */
function isAnswered(told: Told, expected: string): boolean {
  return expected === 'pending' ? told.verdict === 'accepted' || told.verdict === 'unknown' : told.verdict === expected;
}

async function inTheEnd(no: string, state: string): Promise<unknown> {
  return until(`${no} ${state}`, async () => {
    const order = await shown(s, no);
    return textAt(order, 'state') === state && order;
  });
}

describe('a payout', { concurrency: true }, () => {
  for (const protocol of ['payin', 'unified'] as const)
    for (const row of stories)
      test(`${protocol}: ${row['story']}`, async () => {
        const cell = (name: string) => forProtocol(row[name] ?? '', protocol);
        const merchant = clientOf(s.a, protocol);
        const { no, told, path } = await send(merchant, cell('plan'));
        assert.ok(isAnswered(told, cell('create')), told.raw);
        const order = await inTheEnd(no, cell('ends'));

        const expected = cell('told');
        const count = expected === '' ? 0 : expected.split(', ').length;
        await until(`${count} notices at ${path}`, () => s.receiver.at(path).length >= count);
        const states = s.receiver.at(path).map((got) => merchant.noticeState(got.json));
        assert.equal(states.join(', '), expected);
        if (cell('reviews') !== '')
          await until('the review', async () => entries(await shown(s, no), 'review').length > 0);
        const now = await shown(s, no);
        assert.equal(entries(now, 'notice').length, count);
        assert.equal(postings(now), books[cell('books')]);
        assert.equal(
          entries(now, 'review')
            .map((one) => textAt(one, 'reason'))
            .join(', '),
          cell('reviews'),
        );

        const executions = await s.twin(merchant.twin).executions(textAt(order, 'reference'));
        assert.deepEqual(
          executions.map((one) => member(one, 'count')),
          cell('plan') === 'decline' ? [] : [1],
        );
        assert.equal(await merchant.queryPayOut(told, no), cell('ends') === 'succeeded' ? 'paid' : 'failed');
        const again = await merchant.payOut(no, amount, s.receiver.url + path);
        if (cell('create') === 'refused') assert.equal(again.verdict, 'refused');
        else assert.equal(again.platformNo, told.platformNo, again.raw);
      });
});

describe('money that may have left', { concurrency: true }, () => {
  for (const protocol of ['payin', 'unified'] as const) {
    test(`${protocol}: stays held while nobody knows, and is never failed by "not found"`, async () => {
      const merchant = clientOf(s.b, protocol);
      const no = freshNo('O');
      const path = `/n/${no}`;
      // Never executed, and its query says "unknown order" for ever: longer than the settle window of three seconds.
      await s
        .twin(merchant.twin)
        .plan({ merchantOrderNo: no, operation: 'pay-out' }, [{ kind: 'http-500', executed: false }]);
      const told = await merchant.payOut(no, amount, s.receiver.url + path);
      assert.ok(isAnswered(told, 'pending'), told.raw);
      const reason = await until('a person is asked', async () => {
        const [review] = entries(await shown(s, no), 'review');
        return review === undefined ? null : textAt(review, 'reason');
      });
      assert.equal(reason, 'payout-not-found');
      assert.equal(postings(await shown(s, no)), `hold ${amount + fee}`);
      assert.equal(await merchant.queryPayOut(told, no), 'pending');
      assert.equal(s.receiver.at(path).length, 0);
      assert.ok((await balancesOf(s, s.b.id)).held >= BigInt(amount + fee));
    });

    test(`${protocol}: told back three times is booked back once, and told once`, async () => {
      const merchant = clientOf(s.a, protocol);
      const { no, path } = await send(merchant, 'returned');
      const order = await inTheEnd(no, 'returned');
      const { status } = await s.twin(merchant.twin).call('POST', 'callback', {
        reference: textAt(order, 'reference'),
        times: 3,
      });
      assert.equal(status, 200);
      await until('two notices', () => s.receiver.at(path).length >= 2);
      const now = await shown(s, no);
      assert.equal(postings(now), books['returned']);
      assert.equal(entries(now, 'notice').length, 2);
    });

    test(`${protocol}: a callback with another sum changes nothing and asks a person`, async () => {
      const merchant = clientOf(s.a, protocol);
      const { no } = await send(merchant, 'wrong-callback');
      const review = await until('the review', async () => entries(await shown(s, no), 'review')[0]);
      assert.equal(textAt(review, 'reason'), 'amount-mismatch');
    });
  }
});

describe('payouts beyond the balance (T005)', () => {
  test('64 at once, each of 60 % of what is there: exactly one goes', async () => {
    const poor = await newMerchant(s, { payouts: true });
    await s.operator.call('POST', `/merchants/${poor.id}/fund`, { amount: '100000', currency: 'IDR' });
    const told = await Promise.all(
      Array.from({ length: 64 }, () => poor.payin.payOut(freshNo('P'), 60_000, `${s.receiver.url}/n/poor`)),
    );
    const verdicts = told.map(({ verdict }) => verdict);
    assert.equal(
      verdicts.filter((one) => one === 'accepted').length,
      1,
      told.find((t) => t.verdict === 'accepted')?.raw,
    );
    assert.equal(verdicts.filter((one) => one === 'refused').length, 63);
    const { available, held } = await balancesOf(s, poor.id);
    assert.ok(available >= 0n && held >= 0n, `${available} and ${held}`);
  });

  test('payouts are off for a new merchant until somebody enables them', async () => {
    const closed = await newMerchant(s, { payouts: false });
    await s.operator.call('POST', `/merchants/${closed.id}/fund`, { amount: '1000000', currency: 'IDR' });
    const no = freshNo('P');
    const told = await closed.payin.payOut(no, amount, `${s.receiver.url}/n/closed`);
    assert.equal(told.verdict, 'refused');
    assert.equal(await shown(s, no), null);
  });
});
