/**
 * What channels tell us, signed by this test with the channel's key, or forged without it. Only an authentic callback about the
 * right order, sum, currency and account changes anything, and it does so once.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { rawSql } from '../../src/store/database.ts';
import { endInOrder, clientOf, entries, freshNo, postings, type Scene, shown, startScene } from './harness.ts';
import { type Answer, type HeaderList, request, textAt, until } from './http.ts';
import {
  bluepayEncrypt,
  bluepayQuery,
  gatherCallback,
  loanCallback,
  type Merchant,
  payinCallback,
  payinSign,
  type Told,
} from './parties.ts';

const amount = 20_000;
let s: Scene;
let bluepay: { listen: string; key: string };
let payin: { listen: string; key: string; sender: string };

before(async () => {
  s = await startScene();
  const channels = s.gateway.sandbox?.facts.channels ?? [];
  const of = (name: string) => {
    const one = channels.find(({ protocol }) => protocol === name);
    assert.ok(one, name);
    return { listen: `${s.url}/listen/${one.id}`, secrets: one.secrets, sender: one.sender };
  };
  bluepay = { listen: of('bluepay').listen, key: of('bluepay').secrets['key'] ?? '' };
  const own = of('payin');
  payin = { listen: own.listen, key: own.secrets['apiKey'] ?? '', sender: own.sender };
});
after(() => endInOrder(s));

/** An order that waits for its payer. */
interface Waiting {
  readonly no: string;
  readonly path: string;
  readonly merchant: Merchant;
  readonly told: Told;
  readonly reference: string;
  readonly upstreamNo: string;
}

async function waiting(protocol: Merchant['protocol']): Promise<Waiting> {
  const merchant = clientOf(s.a, protocol);
  const no = freshNo('C');
  const path = `/n/${no}`;
  const told = await merchant.pay(no, amount, s.receiver.url + path);
  assert.equal(told.verdict, 'accepted', told.raw);
  const order = await shown(s, no);
  return { no, path, merchant, told, reference: textAt(order, 'reference'), upstreamNo: textAt(order, 'upstreamNo') };
}

function bluepayCall(query: string): Promise<Answer> {
  return request('GET', `${bluepay.listen}?${query}`);
}

function payinCall(body: string, headers?: HeaderList): Promise<Answer> {
  return request('POST', payin.listen, headers ?? payinHeaders(body), body);
}

function payinHeaders(body: string, changes: Readonly<Record<string, string>> = {}): HeaderList {
  const headers = {
    'Content-Type': 'application/json',
    MerchantId: payin.sender,
    Sign: payinSign(body, payin.key),
    ...changes,
  };
  return Object.entries(headers);
}

/** The channel's success word; anything else makes it come again. */
function isTaken({ status, text }: Answer): boolean {
  return status === 200 && text.trim().toLowerCase() === 'success';
}

async function untouched(order: Waiting): Promise<void> {
  const now = await shown(s, order.no);
  assert.equal(textAt(now, 'state'), 'pending');
  assert.equal(postings(now), '');
  assert.equal(entries(now, 'notice').length, 0);
  assert.equal(s.receiver.at(order.path).length, 0);
}

async function paidOnce(order: Waiting): Promise<void> {
  await until('the notice', () => s.receiver.at(order.path).length > 0);
  const now = await shown(s, order.no);
  assert.equal(textAt(now, 'state'), 'paid');
  assert.match(postings(now), /^receive 20000, receive-fee \d+(, settled (\d+), suspense-in \2|, suspense-in \d+)?$/);
  assert.equal(entries(now, 'notice').length, 1);
}

describe('a callback whose commit has to wait (T046)', () => {
  for (const protocol of ['unified', 'payin'] as const)
    test(`${protocol}: is not answered before it is stored`, async () => {
      const order = await waiting(protocol);
      let answered = false;
      let calling: Promise<Answer> | undefined;
      await s.database.owner.transaction(async (query) => {
        await query.run(rawSql(`select from kanal.payments where order_no = '${order.no}' for update`));
        calling = (
          protocol === 'payin'
            ? payinCall(payinCallback(order.reference, order.upstreamNo, amount, payin.sender))
            : bluepayCall(bluepayQuery(gatherCallback(order.reference, amount), bluepay.key))
        ).finally(() => {
          answered = true;
        });
        const held = rawSql(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        await until('the callback waits for the row', async () => (await query.run(held)).length > 0);
        assert.equal(answered, false);
      });
      assert.ok(calling && isTaken(await calling));
      await paidOnce(order);
    });
});

describe('one authentic callback', { concurrency: true }, () => {
  test('bluepay: a hundred at once: one posting, one notice, each answered with success', async () => {
    const order = await waiting('unified');
    const query = bluepayQuery(gatherCallback(order.reference, amount), bluepay.key);
    const answers = await Promise.all(Array.from({ length: 100 }, () => bluepayCall(query)));
    assert.ok(answers.every(isTaken), answers.find((one) => !isTaken(one))?.text);
    await paidOnce(order);
  });

  test('payin: a hundred at once: one posting, one notice, each answered with success', async () => {
    const order = await waiting('payin');
    const body = payinCallback(order.reference, order.upstreamNo, amount, payin.sender);
    const answers = await Promise.all(Array.from({ length: 100 }, () => payinCall(body)));
    assert.ok(answers.every(isTaken), answers.find((one) => !isTaken(one))?.text);
    await paidOnce(order);
  });

  test('bluepay: members we do not know count for the signature and change nothing', async () => {
    const order = await waiting('unified');
    const params = [...gatherCallback(order.reference, amount), ['indomog', '1'] as const];
    assert.ok(isTaken(await bluepayCall(bluepayQuery(params, bluepay.key))));
    await paidOnce(order);
  });

  test('payin: the signature in small letters', async () => {
    const order = await waiting('payin');
    const body = payinCallback(order.reference, order.upstreamNo, amount, payin.sender);
    const sign = payinSign(body, payin.key).toLowerCase();
    assert.ok(isTaken(await payinCall(body, payinHeaders(body, { Sign: sign }))));
    await paidOnce(order);
  });

  test('bluepay: a failure after success, and a pending word after it, change nothing; a person sees the first', async () => {
    const order = await waiting('unified');
    const say = (changes: object) =>
      bluepayCall(bluepayQuery(gatherCallback(order.reference, amount, { ...changes }), bluepay.key));
    assert.ok(isTaken(await say({})));
    assert.ok(isTaken(await say({ status: '600' })));
    assert.ok(isTaken(await say({ status: '201', cmd: 'CHG' })));
    await paidOnce(order);
    const reviews = entries(await shown(s, order.no), 'review').map((one) => textAt(one, 'reason'));
    assert.deepEqual(reviews, ['contradiction']);
  });

  test('about an order we do not know is not acknowledged, so that the channel comes again (T043)', async () => {
    const stranger = createHash('md5').update(freshNo()).digest('hex');
    const answer = await bluepayCall(bluepayQuery(gatherCallback(stranger, amount), bluepay.key));
    assert.ok(!isTaken(answer), answer.text);
    const body = payinCallback(stranger, 'PAYIN1', amount, payin.sender);
    assert.ok(!isTaken(await payinCall(body)));
  });
});

/** T007: authentic, and about something else than was ordered. */
const bluepayLies: readonly (readonly [
  string,
  (order: Waiting, other: Waiting) => Readonly<Record<string, unknown>>,
])[] = [
  ['a rupiah too little', () => ({ price: 19_999 })],
  ['a rupiah too much', () => ({ price: 20_001 })],
  ['a hundred times as much', () => ({ price: 2_000_000 })],
  ['in fractions', () => ({ price: '20000.5' })],
  ['a sum that is none', () => ({ price: 'abc' })],
  ['nothing', () => ({ price: '' })],
  ['a negative sum', () => ({ price: '-20000' })],
  ['in another currency', () => ({ currency: 'THB' })],
  ['in a currency nobody knows', () => ({ currency: 'XXX' })],
  ['for another product', () => ({ productid: '2258' })],
  ['as a payout', () => ({ interfacetype: 'cashout' })],
  ['as a payout that came back', () => ({ interfacetype: 'refundcashout' })],
  ['with a status of many readings', () => ({ status: '200.0' })],
];

const payinLies: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['a rupiah too little', { amount: 19_999 }],
  ['a rupiah too much', { amount: 20_001 }],
  ['in fractions', { amount: 20_000.5 }],
  ['as text in another notation', { amount: '2e4' }],
  ['nothing', { amount: 0 }],
  ['a negative sum', { amount: -20_000 }],
  ['for another merchant', { merchantId: '3006076' }],
  ['with a state nobody knows', { orderStatus: 'OK' }],
];

describe('an authentic callback that does not fit (T007)', { concurrency: true }, () => {
  for (const [name, changes] of bluepayLies)
    test(`bluepay: ${name}: no success; then the true one counts`, async () => {
      const [order, other] = [await waiting('unified'), await waiting('unified')];
      const params = gatherCallback(order.reference, amount, changes(order, other));
      await bluepayCall(bluepayQuery(params, bluepay.key));
      await unsettled(order);
      await bluepayCall(bluepayQuery(gatherCallback(order.reference, amount), bluepay.key));
      await paidOnce(order);
      await untouched(other);
    });

  for (const [name, changes] of payinLies)
    test(`payin: ${name}: no success; then the true one counts`, async () => {
      const order = await waiting('payin');
      await payinCall(payinCallback(order.reference, order.upstreamNo, amount, payin.sender, changes));
      await unsettled(order);
      await payinCall(payinCallback(order.reference, order.upstreamNo, amount, payin.sender));
      await paidOnce(order);
    });

  test('bluepay: another sum opens a review and goes to suspense once, however often it is said', async () => {
    const order = await waiting('unified');
    const query = bluepayQuery(gatherCallback(order.reference, 19_999), bluepay.key);
    await Promise.all(Array.from({ length: 20 }, () => bluepayCall(query)));
    const now = await shown(s, order.no);
    assert.equal(postings(now), 'suspense-in 19999');
    assert.deepEqual(
      entries(now, 'review').map((one) => textAt(one, 'reason')),
      ['amount-mismatch'],
    );
  });

  test('payin: a callback of the other channel’s order, authentic for its own channel, pays nothing', async () => {
    const order = await waiting('unified');
    const body = payinCallback(order.reference, order.upstreamNo || 'PAYIN1', amount, payin.sender);
    assert.ok(!isTaken(await payinCall(body)));
    await untouched(order);
  });
});

/** Neither success nor failure for the merchant: at most money in suspense. */
async function unsettled(order: Waiting): Promise<void> {
  const now = await shown(s, order.no);
  assert.equal(textAt(now, 'state'), 'pending');
  assert.match(postings(now), /^(suspense-in \d+)?$/);
  assert.equal(entries(now, 'notice').length, 0);
  assert.equal(s.receiver.at(order.path).length, 0);
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** T006, T008: everything somebody without the key could send. `query` is the authentic one. */
const bluepayForgeries: readonly (readonly [string, (query: string, key: string) => string])[] = [
  ['no signature', (q) => q.replace(/&encrypt=.*/, '')],
  ['an empty signature', (q) => q.replace(/encrypt=.*/, 'encrypt=')],
  ['null for a signature', (q) => q.replace(/encrypt=.*/, 'encrypt=null')],
  ['a short signature', (q) => q.slice(0, -1)],
  ['a long signature', (q) => `${q}0`],
  ['a blank behind it', (q) => `${q}%20`],
  ['a line behind it', (q) => `${q}%0a`],
  ['capital letters', (q) => q.replace(/encrypt=(.*)/, (_, hex: string) => `encrypt=${hex.toUpperCase()}`)],
  ['signed with an empty key', (q) => `${bare(q)}&encrypt=${md5(decoded(q))}`],
  ['signed with another key', (q) => `${bare(q)}&encrypt=${md5(`${decoded(q)}0123456789abcdef`)}`],
  ['signed key first', (q, key) => `${bare(q)}&encrypt=${md5(key + decoded(q))}`],
  ['signed with a separator', (q, key) => `${bare(q)}&encrypt=${md5(`${decoded(q)}&key=${key}`)}`],
  ['signed in another order', (q, key) => `${bare(q)}&encrypt=${md5(decoded(q).split('&').reverse().join('&') + key)}`],
  ['signed over the encoded operator', (q, key) => `${bare(q)}&encrypt=${md5(bare(q) + key)}`],
  ['signature first', (q) => `${q.replace(/.*&(encrypt=.*)/, '$1')}&${bare(q)}`],
  ['signature twice', (q) => `${bare(q)}&encrypt=${'0'.repeat(32)}&${q.replace(/.*&(encrypt=.*)/, '$1')}`],
  ['signature as a list', (q) => q.replace('encrypt=', 'encrypt[]=')],
  ['another sum', (q) => q.replace('price=20000', 'price=20001')],
  ['another status', (q) => q.replace('status=200', 'status=203')],
  ['a sum twice', (q) => q.replace('&price=', '&price=1&price=')],
  [
    'an unsigned sum behind the signature, and another in front',
    (q) => `${q.replace('price=20000', 'price=1')}&price=20000`,
  ],
];

function bare(query: string): string {
  return query.replace(/&encrypt=.*/, '');
}
function decoded(query: string): string {
  return bare(query).replace(/operator=([^&]*)/, (_, text: string) => `operator=${decodeURIComponent(text)}`);
}

const payinForgeries: readonly (readonly [string, (body: string, sign: string) => readonly [string, HeaderList]])[] = [
  ['no signature', (b) => [b, without(payinHeaders(b), 'Sign')]],
  ['an empty signature', (b) => [b, payinHeaders(b, { Sign: '' })]],
  ['null for a signature', (b) => [b, payinHeaders(b, { Sign: 'null' })]],
  ['a short signature', (b, s) => [b, payinHeaders(b, { Sign: s.slice(1) })]],
  ['a long signature', (b, s) => [b, payinHeaders(b, { Sign: `${s}0` })]],
  ['the signature twice', (b, s) => [b, [...payinHeaders(b), ['Sign', s]]]],
  ['two signatures', (b) => [b, [...payinHeaders(b), ['Sign', '0'.repeat(32)]]]],
  ['two signatures in one header', (b, s) => [b, payinHeaders(b, { Sign: `${s}, ${s}` })]],
  ['the signature in Base64', (b, s) => [b, payinHeaders(b, { Sign: Buffer.from(s, 'hex').toString('base64') })]],
  ['signed with an empty key', (b) => [b, payinHeaders(b, { Sign: payinSign(b, '') })]],
  ['signed with a merchant’s key', (b) => [b, payinHeaders(b, { Sign: payinSign(b, s.a.payin.keys.apiKey) })]],
  ['another sum', (b, s) => [b.replace('20000', '20001'), payinHeaders(b, { Sign: s })]],
  ['a blank more', (b, s) => [`${b} `, payinHeaders(b, { Sign: s })]],
  ['a member twice', (b, s) => [b.replace('{', '{"orderStatus":"FAIL",'), payinHeaders(b, { Sign: s })]],
  ['an empty body', (_, s) => ['', payinHeaders('', { Sign: s })]],
  ['another merchant in the header', (b) => [b, payinHeaders(b, { MerchantId: '3006076' })]],
  ['no merchant in the header', (b) => [b, without(payinHeaders(b), 'MerchantId')]],
];

function without(headers: HeaderList, name: string): HeaderList {
  return headers.filter(([one]) => one !== name);
}

describe('a forged callback changes nothing (T006, T008)', { concurrency: true }, () => {
  test('bluepay: each mutation, and each byte flipped', async () => {
    const order = await waiting('unified');
    // With a blank in the operator, so that its decoding matters.
    const query = bluepayQuery(gatherCallback(order.reference, amount, { operator: 'atm x' }), bluepay.key);
    for (const [name, forge] of bluepayForgeries) {
      const answer = await bluepayCall(forge(query, bluepay.key));
      assert.ok(!isTaken(answer), `${name}: ${answer.text}`);
    }
    const flips = Array.from({ length: query.length }, (_, at) => flipped(query, at));
    for (const group of inGroups(flips, 40)) {
      const answers = await Promise.all(group.map((one) => bluepayCall(one)));
      assert.equal(answers.findIndex(isTaken), -1, group[answers.findIndex(isTaken)]);
    }
    await untouched(order);
    assert.ok(isTaken(await bluepayCall(query)), 'the true one');
    await paidOnce(order);
  });

  test('payin: each mutation, and each byte flipped', async () => {
    const order = await waiting('payin');
    const body = payinCallback(order.reference, order.upstreamNo, amount, payin.sender);
    const sign = payinSign(body, payin.key);
    for (const [name, forge] of payinForgeries) {
      const answer = await payinCall(...forge(body, sign));
      assert.ok(!isTaken(answer), `${name}: ${answer.text}`);
    }
    for (const group of inGroups(
      Array.from({ length: body.length }, (_, at) => flipped(body, at)),
      40,
    )) {
      const answers = await Promise.all(group.map((one) => payinCall(one, payinHeaders(body))));
      assert.equal(answers.findIndex(isTaken), -1, group[answers.findIndex(isTaken)]);
    }
    await untouched(order);
    assert.ok(isTaken(await payinCall(body)), 'the true one');
    await paidOnce(order);
  });

  test('loans: the bank name in the callback is decoded once, with blank and with slash', async () => {
    for (const operator of ['ARTA GRAHA', 'BANK TABUNGAN PENSIUNAN NASIONAL/BTPN']) {
      const no = freshNo('L');
      await s.twin('bluepay').plan({ merchantOrderNo: no }, [{ kind: 'pending' }]);
      const told = await s.a.unified.payOut(no, amount, `${s.receiver.url}/n/${no}`);
      assert.equal(told.verdict, 'accepted', told.raw);
      const reference = textAt(await shown(s, no), 'reference');
      const params = loanCallback(reference, amount, { operator });
      const forged = await bluepayCall(
        `${bluepayQuery(params, bluepay.key).replace(/&encrypt=.*/, '')}&encrypt=${bluepayEncrypt(params, 'x')}`,
      );
      assert.ok(!isTaken(forged));
      assert.ok(isTaken(await bluepayCall(bluepayQuery(params, bluepay.key))));
      await until('paid out', async () => textAt(await shown(s, no), 'state') === 'succeeded');
    }
  });
});

/** Another character in its place, still one that a URL carries. */
function flipped(text: string, at: number): string {
  const code = text.charCodeAt(at);
  const other = String.fromCharCode(code ^ 1);
  return text.slice(0, at) + (/[\w.%&=+{}":,-]/.test(other) ? other : 'z') + text.slice(at + 1);
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
