/**
 * Two merchants on one gateway: whatever one of them says, it learns nothing about the other's orders, not even that they exist
 * (T020, T021); numbers are exact (T058) and one set for collecting and paying out; a merchant that is switched off is out (T074).
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FufuMerchant, fufuSign } from './fufu-party.ts';
import { endInOrder, clientOf, freshNo, newMerchant, type Scene, shown, startScene } from './harness.ts';
import { type HeaderList, member, request, textAt, until } from './http.ts';
import { payinSign, type Told } from './parties.ts';
import { table } from './table.ts';

const amount = 20_000;
let s: Scene;
before(async () => {
  s = await startScene();
});
after(() => endInOrder(s));

const hook = () => `${s.receiver.url}/n/tenants`;

/** Numbers of A's orders, and numbers of the same form that nobody has. */
interface Numbers {
  readonly own: string;
  readonly ours: string;
}

function stranger(number: string): string {
  // The same length and letters: only the digits at the end differ.
  const digits = number.slice(-8);
  return number.slice(0, -8) + digits.replaceAll(/./g, (digit) => (digit === '0' ? '1' : '0'));
}

describe('B asks with the numbers of A', () => {
  let payment: Told;
  let payout: Told;
  let gather: Told;
  let loan: Told;
  const no = { payment: '', payout: '', gather: '', loan: '' };
  before(async () => {
    for (const name of ['payment', 'payout', 'gather', 'loan'] as const) no[name] = freshNo('A');
    payment = await s.a.payin.pay(no.payment, amount, hook());
    payout = await s.a.payin.payOut(no.payout, amount, hook());
    gather = await s.a.unified.pay(no.gather, amount, hook());
    loan = await s.a.unified.payOut(no.loan, amount, hook());
  });

  const payinRows = table(`
    endpoint       member      of
    payInQuery     mchOrderNo  payment
    payInQuery     orderNo     payment
    payInQuery     mchOrderNo  payout
    payInQuery     orderNo     payout
    payOutQuery    mchOrderNo  payout
    payOutQuery    orderNo     payout
    payOutQuery    orderNo     payment
    payDeskQuery   orderNo     payment
  `);

  for (const row of payinRows)
    test(`payin: ${row['endpoint']} by ${row['member']} of a ${row['of']}: the reply to a number that nobody has, byte for byte`, async () => {
      const told = row['of'] === 'payment' ? payment : payout;
      const numbers: Numbers = {
        own: row['of'] === 'payment' ? no.payment : no.payout,
        ours: told.platformNo,
      };
      const number = row['member'] === 'orderNo' ? numbers.ours : numbers.own;
      const ask = (value: string) =>
        s.b.payin.send(row['endpoint'] ?? '', JSON.stringify({ [row['member'] ?? '']: value, nonceStr: 'n' }));
      const [theirs, nobodys] = [await ask(number), await ask(stranger(number))];
      assert.equal(theirs.text, nobodys.text);
      assert.deepEqual(Object.keys(theirs.headers), Object.keys(nobodys.headers));
      assert.equal(theirs.status, nobodys.status);
      assert.match(theirs.text, /Order_not_exist/);
    });

  for (const [name, by] of [
    ['transactionCode of a gather', () => ({ transactionCode: gather.platformNo })],
    ['transactionCode of a loan', () => ({ transactionCode: loan.platformNo })],
    ['outTradeNo of a gather', () => ({ outTradeNo: no.gather })],
    ['outTradeNo of a loan', () => ({ outTradeNo: no.loan })],
  ] as const)
    test(`unified: query by ${name}: the reply to a number that nobody has, byte for byte`, async () => {
      const body = by();
      const [key = '', number = ''] = Object.entries(body)[0] ?? [];
      const theirs = await s.b.unified.send('query', JSON.stringify(body));
      const nobodys = await s.b.unified.send('query', JSON.stringify({ [key]: stranger(number) }));
      assert.equal(theirs.text, nobodys.text);
      assert.equal(textAt(JSON.parse(theirs.text), 'code'), '100011');
    });

  test('B uses the same numbers for orders of its own: two orders, nothing mixed', async () => {
    const own = await s.b.payin.pay(no.payment, 30_000, hook());
    assert.equal(own.verdict, 'accepted', own.raw);
    assert.notEqual(own.platformNo, payment.platformNo);
    assert.equal(
      textAt(await s.a.payin.ask('payInQuery', { mchOrderNo: no.payment, nonceStr: 'n' }), 'data', 'amount'),
      '20000',
    );
    assert.equal(
      textAt(await s.b.payin.ask('payInQuery', { mchOrderNo: no.payment, nonceStr: 'n' }), 'data', 'amount'),
      '30000',
    );
  });

  test('A’s number beside B’s own number is not believed either', async () => {
    const mine = freshNo('B');
    await s.b.payin.pay(mine, amount, hook());
    const answer = await s.b.payin.ask('payInQuery', { orderNo: payment.platformNo, mchOrderNo: mine, nonceStr: 'n' });
    assert.equal(textAt(answer, 'msg'), 'Order_not_exist');
  });

  test('an operator token of B sees B', async () => {
    const made = await s.operator.call('POST', '/tokens', { name: 'b', role: 'support', merchant: s.b.id });
    const token = textAt(JSON.parse(made.text), 'token');
    const see = (path: string) => request('GET', `${s.url}/admin/v1${path}`, [['authorization', `Bearer ${token}`]]);
    // What channels send, and what a person is to decide, is the operator's.
    for (const kind of ['callbacks', 'reviews']) assert.equal((await see(`/${kind}`)).status, 403, kind);
    for (const kind of ['payments', 'payouts', 'attempts', 'notices']) {
      const list = await see(`/${kind}`);
      assert.equal(list.status, 200, kind);
      assert.ok(!list.text.includes(s.a.id), `${kind} of A in B’s list`);
    }
    const theirs = await see(`/orders/${payment.platformNo}`);
    const nobodys = await see(`/orders/${stranger(payment.platformNo)}`);
    assert.deepEqual([theirs.status, theirs.text], [nobodys.status, nobodys.text]);
    assert.equal((await see('/ledger/check')).status, 403);
    assert.equal((await see('/sandbox')).status, 403);
  });
});

describe('whose word it is (T020)', () => {
  const ask = (merchantId: string, key: string, body: object) => {
    const text = JSON.stringify(body);
    return request(
      'POST',
      `${s.url}/api/payInQuery`,
      [
        ['content-type', 'application/json'],
        ['MerchantId', merchantId],
        ['Sign', payinSign(text, key)],
      ],
      text,
    );
  };

  test('payin: every pair of name and key, and the name inside the body', async () => {
    const body = { mchOrderNo: freshNo(), nonceStr: 'n' };
    const merchants = [s.a.payin.keys, s.b.payin.keys];
    for (const name of merchants)
      for (const key of merchants) {
        const answer = await ask(name.merchantId, key.apiKey, body);
        const expected = name === key ? 'Order_not_exist' : 'Sign_verify_error';
        assert.equal(textAt(JSON.parse(answer.text), 'msg'), expected);
        const inside = await ask(name.merchantId, key.apiKey, { ...body, merchantId: s.b.payin.keys.merchantId });
        const other = name === merchants[1] ? 'Order_not_exist' : 'Params_merchantId_error';
        assert.equal(textAt(JSON.parse(inside.text), 'msg'), name === key ? other : 'Sign_verify_error');
      }
  });

  test('a signature of any length, or of no digits at all, is as wrong as one that nearly fits (T096)', async () => {
    const body = JSON.stringify({ mchOrderNo: freshNo(), nonceStr: 'n' });
    const { apiKey, merchantId } = s.a.payin.keys;
    const right = payinSign(body, apiKey);
    const wrong = [
      '0'.repeat(32),
      right.slice(1),
      `${right}0`,
      right.slice(0, 1),
      'f'.repeat(5_000),
      'ü'.repeat(32),
      'é',
    ];
    const payin = await Promise.all(
      wrong.map((sign) =>
        s.a.payin.send('payInQuery', body, [
          ['MerchantId', merchantId],
          ['Sign', Buffer.from(sign).toString('latin1')],
          ['content-type', 'application/json'],
        ]),
      ),
    );
    assert.deepEqual(
      new Set(payin.map(({ status, text }) => `${status} ${text}`)).size,
      1,
      payin.map(({ text }) => text).join('\n'),
    );
    assert.equal(textAt(JSON.parse(payin[0]?.text ?? ''), 'msg'), 'Sign_verify_error');

    const [first] = s.gateway.sandbox?.facts.merchants ?? [];
    assert.ok(first);
    const shop = new FufuMerchant(() => s.url, first.protocols.fufu);
    const asked = JSON.stringify({ busi_id: shop.busiId, out_trade_no: freshNo() });
    const [digits = '', moment = ''] = fufuSign(asked, shop.key).split(':');
    const near = [
      '0'.repeat(32),
      digits.slice(1),
      `${digits}0`,
      digits.slice(0, 1),
      'f'.repeat(5_000),
      encodeURIComponent('ü'.repeat(32)),
    ];
    const fufu = await Promise.all(near.map((sign) => shop.raw('query', asked, `?sign=${sign}:${moment}`)));
    const words = new Set(fufu.map(({ status, text }) => `${status} ${text}`));
    assert.equal(words.size, 1, [...words].join('\n'));
  });

  test('payin: an unknown merchant and a wrong signature are both refused without a trace', async () => {
    const before = (await s.operator.list('payments')).length;
    const body = JSON.stringify(s.a.payin.payMembers(freshNo(), amount, hook()));
    for (const headers of [
      [
        ['MerchantId', '9999999'],
        ['Sign', payinSign(body, s.a.payin.keys.apiKey)],
      ],
      [
        ['MerchantId', s.a.payin.keys.merchantId],
        ['Sign', payinSign(body, s.b.payin.keys.apiKey)],
      ],
    ] satisfies HeaderList[]) {
      const answer = await s.a.payin.send('payIn', body, [['content-type', 'application/json'], ...headers]);
      assert.equal(answer.status, 200);
      assert.equal(member(JSON.parse(answer.text), 'code'), 500);
    }
    assert.equal((await s.operator.list('payments')).length, before);
  });
});

/** T001, T008: thirty ways to be nobody. */
describe('unified is closed unless a credential opens it (T001)', () => {
  const variants = (key: string, other: string): readonly (readonly [string, HeaderList])[] => {
    const [id = '', secret = ''] = key.split('.');
    const [otherId = ''] = other.split('.');
    const one = (value: string, name = 'x-api-key'): HeaderList => [[name, value]];
    return [
      ['nothing', []],
      ['an empty key', one('')],
      ['a blank', one(' ')],
      ['null', one('null')],
      ['undefined', one('undefined')],
      ['true', one('true')],
      ['a list', one(`["${key}"]`)],
      ['an object', one('{}')],
      ['the name alone', one(id)],
      ['the name and a dot', one(`${id}.`)],
      ['the secret alone', one(secret)],
      ['a dot and the secret', one(`.${secret}`)],
      ['the name twice', one(`${id}.${id}`)],
      ['the secret in front', one(`${secret}.${id}`)],
      ['the other merchant’s name', one(`${otherId}.${secret}`)],
      ['capital letters', one(key.toUpperCase())],
      ['the name in capitals', one(`${id.toUpperCase()}.${secret}`)],
      ['one letter less', one(key.slice(0, -1))],
      ['one letter more', one(`${key}0`)],
      ['a blank inside', one(`${id}. ${secret}`)],
      ['two keys in one header', one(`${key}, ${key}`)],
      ['two headers alike', [...one(key), ...one(key)]],
      ['two headers', [...one('a.b'), ...one(key)]],
      ['a wildcard', one('*')],
      ['a pattern', one(`${id}.%`)],
      ['quotes', one(`'${key}'`)],
      ['SQL', one(`${id}.' or '1'='1`)],
      ['another header', one(key, 'x-apikey')],
      ['a bearer token', one(`Bearer ${key}`, 'authorization')],
      ['the operator’s token', one(s.token)],
      [
        'a signature without a key',
        [
          ['x-timestamp', '1700000000'],
          ['x-signature', '0'.repeat(64)],
        ],
      ],
      ['basic authorization', one(`Basic ${Buffer.from(key.replace('.', ':')).toString('base64')}`, 'authorization')],
      ['an address it does not come from', one('127.0.0.1', 'x-forwarded-for')],
    ];
  };

  test('each variant: HTTP 200, 100001 "unauthorized", data null; nothing written, nothing sent', async () => {
    const key = s.a.unified.keys.headers['x-api-key'] ?? '';
    const other = s.b.unified.keys.headers['x-api-key'] ?? '';
    const before = [await s.operator.list('payouts'), await s.operator.list('attempts')].map((rows) => rows.length);
    const asked = await creates('bluepay');
    const replies = new Set<string>();
    const all = variants(key, other);
    assert.ok(all.length >= 30);
    for (const [name, headers] of all)
      for (const endpoint of ['loan', 'gather', 'query']) {
        const body = JSON.stringify({ ...s.a.unified.payOutMembers(freshNo(), amount, hook()), transactionCode: 'x' });
        const answer = await s.a.unified.send(endpoint, body, [['content-type', 'application/json'], ...headers]);
        assert.equal(answer.status, 200, name);
        replies.add(answer.text);
      }
    assert.equal(replies.size, 1, [...replies].join('\n'));
    const [reply = ''] = replies;
    const json: unknown = JSON.parse(reply);
    assert.deepEqual(
      [member(json, 'code'), member(json, 'message'), member(json, 'data')],
      ['100001', 'unauthorized', null],
    );
    const now = [await s.operator.list('payouts'), await s.operator.list('attempts')].map((rows) => rows.length);
    assert.deepEqual(now, before);
    assert.equal(await creates('bluepay'), asked);
  });

  test('another context path opens nothing more', async () => {
    const body = JSON.stringify(s.a.unified.payOutMembers(freshNo(), amount, hook()));
    const answer = await s.a.unified.send('loan', body, [['content-type', 'application/json']], 'other-service');
    assert.equal(textAt(JSON.parse(answer.text), 'code'), '100001');
  });
});

/** Requests that reached a twin and ask it to do something. */
async function creates(twin: string): Promise<number> {
  return (await s.twin(twin).requests()).filter((one) => !/query/i.test(textAt(one, 'target'))).length;
}

describe('numbers', () => {
  test('one set for gather and loan: the second use is a conflict, the same content a repeat', async () => {
    const { unified } = s.a;
    const [first, second] = [freshNo(), freshNo()];
    const gather = await unified.pay(first, amount, hook());
    assert.equal(textAt((await unified.payOut(first, amount, hook())).json, 'code'), '100002');
    assert.equal((await unified.pay(first, amount, hook())).raw, gather.raw);
    const loan = await unified.payOut(second, amount, hook());
    assert.equal(textAt((await unified.pay(second, amount, hook())).json, 'code'), '100002');
    assert.equal((await unified.payOut(second, amount, hook())).platformNo, loan.platformNo);
  });

  test('fifty at once with the same content: one order, one call, fifty equal answers (T036)', async () => {
    for (const protocol of ['payin', 'unified'] as const) {
      const merchant = clientOf(s.a, protocol);
      for (const kind of ['pay', 'payOut'] as const) {
        const no = freshNo('F');
        await s.twin(merchant.twin).plan({ merchantOrderNo: no }, [{ kind: 'answer-late', ms: 300 }]);
        const before = await creates(merchant.twin);
        const told = await Promise.all(Array.from({ length: 50 }, () => merchant[kind](no, amount, hook())));
        const different = new Set(told.map(({ raw }) => raw));
        if (kind === 'pay') assert.equal(different.size, 1, [...different].join('\n'));
        assert.ok(
          told.every(({ verdict }) => verdict === 'accepted'),
          [...different].join('\n'),
        );
        assert.equal(new Set(told.map(({ platformNo }) => platformNo)).size, 1);
        const order = await shown(s, no);
        const executions = await s.twin(merchant.twin).executions(textAt(order, 'reference'));
        assert.equal(executions.length, 1);
        assert.equal((await creates(merchant.twin)) - before, 1, `${protocol} ${kind}`);
      }
    }
  });

  test('fifty at once with fifty different contents: one order, forty-nine conflicts', async () => {
    for (const protocol of ['payin', 'unified'] as const) {
      const merchant = clientOf(s.a, protocol);
      const no = freshNo('D');
      const told = await Promise.all(Array.from({ length: 50 }, (_, i) => merchant.pay(no, amount + i, hook())));
      assert.equal(told.filter(({ verdict }) => verdict === 'accepted').length, 1);
      const codes = new Set(
        told
          .filter(({ verdict }) => verdict !== 'accepted')
          .map(({ json }) => textAt(json, protocol === 'payin' ? 'msg' : 'code')),
      );
      assert.deepEqual([...codes], [protocol === 'payin' ? 'Params_mchOrderNo_error' : '100002']);
    }
  });

  /** T058: these are three numbers, or no numbers at all; never one. */
  test('letters count exactly: capital and small are two orders; blanks, wide and accented letters none', async () => {
    const small = freshNo('x').toLowerCase();
    const { payin, unified } = s.a;
    for (const merchant of [payin, unified]) {
      const [one, two] = [
        await merchant.pay(small, amount, hook()),
        await merchant.pay(small.toUpperCase(), amount, hook()),
      ];
      assert.deepEqual([one.verdict, two.verdict], ['accepted', 'accepted'], two.raw);
      assert.notEqual(one.platformNo, two.platformNo);
    }
    for (const bad of [
      `${small} `,
      ` ${small}`,
      `${small}\t`,
      `${small}\n`,
      `Ａ${small}`,
      `é${small}`,
      `e\u0301${small}`,
      `${small}\u200b`,
      `${small}\0`,
    ]) {
      assert.equal((await payin.pay(bad, amount, hook())).verdict, 'refused', JSON.stringify(bad));
      assert.equal((await unified.pay(bad, amount, hook())).verdict, 'refused', JSON.stringify(bad));
    }
  });
});

describe('switched off (T074)', () => {
  test('a merchant is out within a second, in both protocols, and back when enabled', async () => {
    const one = await newMerchant(s, { payouts: true });
    await s.operator.call('POST', `/merchants/${one.id}/fund`, { amount: '10000000', currency: 'IDR' });
    const tries = async () => [
      (await one.payin.pay(freshNo(), amount, hook())).verdict,
      (await one.unified.payOut(freshNo(), amount, hook())).verdict,
    ];
    assert.deepEqual(await tries(), ['accepted', 'accepted']);
    await s.operator.call('POST', `/merchants/${one.id}/disable`);
    await until('refused', async () => (await tries()).every((verdict) => verdict === 'refused'), 1_000);
    await s.operator.call('POST', `/merchants/${one.id}/enable`);
    await until('accepted', async () => (await tries()).every((verdict) => verdict === 'accepted'), 1_000);
  });

  test('a key that is rotated without overlap opens nothing within a second', async () => {
    const one = await newMerchant(s, { payouts: false });
    const list = await s.operator.list('credentials', `?merchant=${one.id}&protocol=payin`);
    const id = textAt(list[0], 'id');
    assert.equal((await one.payin.pay(freshNo(), amount, hook())).verdict, 'accepted');
    const rotated = await s.operator.call('POST', `/credentials/${id}/rotate`, { overlapSeconds: 0 });
    assert.equal(rotated.status, 200, rotated.text);
    await until('refused', async () => (await one.payin.pay(freshNo(), amount, hook())).verdict === 'refused', 1_000);
  });
});
