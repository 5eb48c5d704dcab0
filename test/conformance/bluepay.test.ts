/** bluepay: signatures, encrypted data and requests, in both directions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Pay, PayOut } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { bluepay } from '../../src/protocols/bluepay/protocol.ts';
import {
  callbackText,
  dataMembers,
  readDataText,
  sealData,
  splitCallback,
} from '../../src/protocols/bluepay/signing.ts';
import { type RequestWire } from '../../src/protocols/protocol.ts';
import {
  gatherNo,
  getting,
  keysOf,
  loanNo,
  md5,
  product,
  productKey,
  refusalOf,
  sceneWith,
  vectors,
} from './unified-party.ts';

import {
  callbacks,
  create,
  listen,
  open,
  pay,
  payOut,
  payoutText,
  requests,
  rows,
  sealed,
  signed,
  transfer,
} from './bluepay-samples.ts';

// ── signatures ──────────────────────────────────────────────────────────────────────────────────────────────────────

test('the worked vectors of the page have the documented signatures', () => {
  assert.equal(callbacks[0]?.['encrypt'], 'adc6cefbc679c9b72c6862e3215e4d35');
  assert.equal(md5(requests[0]?.['signed'] ?? ''), '5f34eff7eec9d637c403e366cc161f26');
  for (const { query = '', signed: text, encrypt } of callbacks) {
    const split = splitCallback(query);
    assert.equal(callbackText(split.signed), text);
    assert.equal(split.encrypt, encrypt);
    assert.equal(md5(text ?? ''), encrypt);
    assert.equal(listen(query, product({ sandbox2257: 'true' })).orderNo?.length, 32);
  }
});

test("the document's own callbacks have the canonical text from which their encrypt was made; their key is not ours", () => {
  for (const { signed: text = '', encrypt = '' } of vectors('bluepay', 'document-callbacks.json', 2)) {
    const query = `${text.replace('ARTA GRAHA', 'ARTA+GRAHA')}&encrypt=${encrypt}`;
    assert.equal(callbackText(splitCallback(query).signed), text);
    assert.equal(refusalOf(() => listen(query)).code, 'unauthenticated');
  }
});

test('requests are written as the vectors, byte for byte, and open again', () => {
  let seen = 0;
  for (const { endpoint = '', query = '', key = '', querySign } of requests) {
    if (endpoint === '') continue;
    const name = endpoint as keyof typeof rows;
    const keys = product(querySign === undefined ? {} : { querySign }, key);
    assert.equal(sealed(name, keys), `http://up${rows[name].path}?${query}`);
    const { request, scene } = open(name, query, keys);
    const expected = { create: gatherNo, transfer: loanNo, queryTransfer: loanNo, queryTransDetail: loanNo };
    assert.equal(rows[name].ask.read(request, scene).orderNo, expected[name]);
    seen += 1;
  }
  assert.equal(seen, 5);
});

test('one flipped character is refused everywhere something is signed', () => {
  let tried = 0;
  for (const { endpoint = '', query = '', key = '', querySign } of requests) {
    if (endpoint === '' || endpoint === 'create') continue;
    const keys = product(querySign === undefined ? {} : { querySign }, key);
    // The older demo's text leaves operatorId unsigned; product and transaction are covered in both.
    const first = querySign === undefined ? 0 : query.indexOf('&') + 1;
    for (let i = first; i < query.length; i += 1) {
      const flipped = query.slice(0, i) + (query[i] === 'x' ? 'y' : 'x') + query.slice(i + 1);
      assert.throws(() => open(endpoint as keyof typeof rows, flipped, keys), Refusal, flipped);
      tried += 1;
    }
  }
  for (const { query = '' } of callbacks) {
    for (let i = 0; i < query.length; i += 1) {
      const flipped = query.slice(0, i) + (query[i] === 'x' ? 'y' : 'x') + query.slice(i + 1);
      assert.throws(() => listen(flipped, product({ sandbox2257: 'true' })), Refusal, flipped);
      tried += 1;
    }
  }
  assert.ok(tried > 2000, String(tried));
});

test('an absent, short, upper-case or repeated signature is refused, and an empty key verifies nothing', () => {
  const good = md5(payoutText);
  const base = payoutText.replaceAll(' ', '%20');
  for (const encrypt of ['', 'null', '[]', good.toUpperCase(), good.slice(1), `${good}0`, `${good}%20`, `${good}%0A`])
    assert.equal(refusalOf(() => listen(`${base}&encrypt=${encrypt}`)).code, 'unauthenticated', encrypt);
  assert.equal(refusalOf(() => listen(base)).code, 'unauthenticated');
  assert.equal(refusalOf(() => listen(`encrypt=${good}&${base}`)).code, 'unauthenticated');
  assert.equal(refusalOf(() => listen('')).code, 'unauthenticated');
  assert.equal(refusalOf(() => listen(`${base}&encrypt=${good}&encrypt=${good}`)).code, 'invalid-request');
  assert.equal(refusalOf(() => listen(`${base}&status=201&encrypt=${good}`)).code, 'invalid-request');
  for (const key of [[''], []])
    assert.equal(refusalOf(() => listen(signed(payoutText, ''), keysOf('2257', { key }))).code, 'unauthenticated');
  assert.throws(() => sealed('transfer', keysOf('2257', { key: [''], iv: ['x'.repeat(16)] })), /no secret "key"/);
});

test('a callback is accepted with any of the overlapping keys of a rotation', () => {
  const keys = keysOf('2257', { key: ['a-new-key-000000', productKey] });
  assert.equal(listen(signed(payoutText), keys).state, 'paid');
});

test('operator is decoded once, plus and percent alike; members cannot hide in it', () => {
  for (const raw of ['ARTA+GRAHA', 'ARTA%20GRAHA', '%41RTA%20GRAHA'])
    assert.equal(listen(`${payoutText.replace('ARTA GRAHA', raw)}&encrypt=${md5(payoutText)}`).state, 'paid', raw);
  const twice = payoutText.replace('ARTA GRAHA', 'A%20B');
  const report = listen(`${twice.replace('A%20B', 'A%2520B')}&encrypt=${md5(twice)}`);
  assert.equal(report.extras['bluepay.operator'], 'A%20B');
  const moved = payoutText.replace('&paytype=pre&price=20000', '%26paytype%3Dpre%26price%3D20000').replaceAll(' ', '+');
  assert.equal(refusalOf(() => listen(`${moved}&encrypt=${md5(payoutText)}`)).code, 'unauthenticated');
  const broken = payoutText.replace('ARTA GRAHA', '%ff');
  assert.equal(refusalOf(() => listen(`${broken}&encrypt=${md5(broken)}`)).code, 'invalid-request');
});

test('an unknown member before encrypt is signed and kept; what stands behind encrypt is neither', () => {
  const more = `${payoutText}&indomog=7`;
  assert.equal(listen(signed(more)).extras['bluepay.indomog'], '7');
  const scene = sceneWith(product());
  const after = bluepay.notice.open(getting(`/listen/7?${signed(payoutText)}&later=1&x=2`), scene);
  assert.deepEqual(after.marks, { ignored: 'later,x' });
  assert.equal(after.fields.has('later'), false);
});

// ── disbursement data ───────────────────────────────────────────────────────────────────────────────────────────────

test('a payee cannot smuggle members into the encrypted text, and plain ampersands are kept', () => {
  const withName = (accountName: string): PayOut => ({ ...payOut, payee: { ...payOut.payee, accountName } });
  const scene = sceneWith(product(), { row: transfer, url: 'http://up/t' });
  const seal = (ask: PayOut) => bluepay.request.seal(transfer.ask.write(ask, scene), scene);
  assert.equal(refusalOf(() => seal(withName('A&amount=1'))).detail.field, 'payeeName');
  const wire = seal(withName('PT A & B = C'));
  const request = bluepay.request.open(getting(wire.target.replace('http://up', '')), scene);
  assert.equal(transfer.ask.read(request, scene).payee.accountName, 'PT A & B = C');
});

test('data that is not canonical is refused although its signature fits', () => {
  const query = requests[1]?.['query'] ?? '';
  const data = /data=([^&]*)/.exec(query)?.[1] ?? '';
  const plain = requests[1]?.['plain'] ?? '';
  const cases = [
    '',
    'QUJD%3D',
    decodeURIComponent(data),
    `${data}%0A`,
    data.replace('%3D', '%3d'),
    encodeURIComponent(
      Buffer.from(Buffer.from(decodeURIComponent(data), 'base64').toString().toLowerCase()).toString('base64'),
    ),
    sealData(plain, keysOf('2257', { key: ['another-key-0000'], iv: ['fedcba9876543210'] })),
  ].filter((text) => text !== data);
  assert.ok(cases.length >= 6);
  for (const text of cases) {
    const wrong = `productId=2257&data=${text}`;
    assert.throws(() => open('transfer', `${wrong}&encrypt=${md5(wrong)}`), Refusal, text);
  }
  for (const text of [
    plain.replace('promotionId=1000&', ''),
    `${plain}&extra=1&amount=2`,
    `x${plain}`,
    'transactionId=1',
  ]) {
    const wrong = `productId=2257&data=${sealData(text, product())}`;
    const attempt = () => {
      const { request, scene } = open('transfer', `${wrong}&encrypt=${md5(wrong)}`);
      transfer.ask.read(request, scene);
    };
    assert.equal(refusalOf(attempt).code, 'invalid-request', text);
  }
});

test('any payout survives the wire', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((s) => /^[^\p{Cc}]+$/u.test(s));
  const ask = fc.record({
    orderNo: fc.stringMatching(/^[0-9a-f]{32}$/),
    minor: fc.bigInt({ min: 1n, max: 14_075_000n }),
    bank: fc.oneof(fc.constantFrom('BCA', 'BTPN', 'ARTHA_GRAHA', 'MAYBANK'), name),
    accountName: name,
    account: fc.stringMatching(/^[0-9]{6,20}$/),
    kind: fc.constantFrom('person' as const, 'company' as const),
  });
  fc.assert(
    fc.property(ask, ({ orderNo, minor, bank, accountName, account, kind }) => {
      const given: PayOut = {
        ...payOut,
        orderNo,
        amount: money(minor, 'IDR'),
        payee: { ...payOut.payee, bank, accountName, account, kind },
      };
      const scene = sceneWith(product(), { row: transfer, url: 'http://up/t' });
      const wire = bluepay.request.seal(transfer.ask.write(given, scene), scene);
      const read = transfer.ask.read(
        bluepay.request.open(getting(wire.target.slice('http://up'.length)), scene),
        scene,
      );
      assert.equal(read.orderNo, orderNo);
      assert.deepEqual(read.amount, given.amount);
      assert.equal(read.payee.accountName, accountName);
      assert.equal(read.payee.account, account);
      assert.equal(read.payee.kind, kind);
    }),
    { numRuns: 300 },
  );
});

test('the text inside data has one reading', () => {
  const values = Object.fromEntries(dataMembers.map((name, i) => [name, `v${i}&x=1`]));
  const text = dataMembers.map((name) => `${name}=${values[name]}`).join('&');
  assert.deepEqual(readDataText(text), values);
});

// ── requests in words ───────────────────────────────────────────────────────────────────────────────────────────────

test('identify knows the endpoints, their older addresses and the product, and nothing else', () => {
  const claim = (target: string) => bluepay.identify(getting(target));
  for (const row of Object.values(rows)) assert.equal(claim(`${row.path}?productId=2257`)?.endpoint.name, row.name);
  assert.equal(claim('/indonesia/express/gather/mo?productId=2257')?.endpoint.name, 'create');
  assert.equal(claim('/thaiCharge/service/queryTransDetail?productid=2257')?.sender, '2257');
  for (const path of ['/', '/bluepay/offline.php/', '/charge/indonesiaFintechTransfer/cancelTransfer', '/pay/gather'])
    assert.equal(claim(`${path}?productId=2257`), null, path);
  for (const query of ['', '?productId=', '?productId=a', '?x=1'])
    assert.equal(refusalOf(() => claim(`${create.path}${query}`)).code, 'unauthenticated', query);
  const post: RequestWire = { ...getting(`${create.path}?productId=2257`), method: 'POST' };
  assert.equal(refusalOf(() => bluepay.identify(post)).code, 'invalid-request');
});

test('a create asks for a dynamic account, or a static one with the payer number; a store code names no bank', () => {
  const written = (ask: Pay, settings = {}) => {
    const scene = sceneWith(product(settings), { row: create, url: 'http://up/c' });
    return Object.fromEntries(create.ask.write(ask, scene));
  };
  assert.equal(written(pay)['msisdn'], undefined);
  assert.equal(written(pay, { staticVa: 'true' })['msisdn'], '6282197662283');
  const local = { ...pay, payer: { ...pay.payer, phone: '082197662283' } };
  assert.equal(written(local, { staticVa: 'true' })['msisdn'], '6282197662283');
  const unknown = { ...pay, payer: { ...pay.payer, phone: null } };
  assert.equal(written(unknown, { staticVa: 'true', msisdn: '6281111111' })['msisdn'], '6281111111');
  assert.equal(refusalOf(() => written(unknown, { staticVa: 'true' })).detail.field, 'msisdn');
  const store = written({ ...pay, method: 'store-code', option: 'ALFAMART' });
  assert.deepEqual([store['payType'], store['bankType']], ['otc', undefined]);
  assert.equal(refusalOf(() => written({ ...pay, option: 'BCA' })).detail.field, 'bankType');
  assert.equal(refusalOf(() => written({ ...pay, method: 'qr' })).detail.field, 'payType');
  assert.equal(refusalOf(() => written({ ...pay, amount: money(1n, 'CNY') })).detail.field, 'price');
  assert.equal(create.suits?.({ ...pay, method: 'qr' }), false);
  assert.equal(create.suits?.(pay), true);
});

test('msisdn arrives in three forms', () => {
  const phone = (msisdn: string) => {
    const { request, scene } = open('create', `${requests[5]?.['query'] ?? ''}&msisdn=${msisdn}`);
    return create.ask.read(request, scene).payer.phone;
  };
  for (const given of ['6282197662283', '62082197662283', '%2B6282197662283', '082197662283'])
    assert.equal(phone(given), '6282197662283', given);
  assert.equal(phone('nomsisdn'), null);
});

test('creates and disbursements with wrong members are refused by name', () => {
  const query = requests[5]?.['query'] ?? '';
  const table: readonly (readonly [from: string, to: string, field: string])[] = [
    ['price=20000', 'price=0', 'price'],
    ['price=20000', 'price=2e4', 'price'],
    ['price=20000', 'price=20000.5', 'price'],
    ['price=20000', 'price=', 'price'],
    ['price=20000&', '', 'price'],
    ['payType=atm', 'payType=ATM', 'payType'],
    ['bankType=permata', 'bankType=bca', 'bankType'],
    ['&bankType=permata', '', 'bankType'],
    [gatherNo, 'a%20b', 'transactionId'],
    [gatherNo, 'x'.repeat(129), 'transactionId'],
  ];
  for (const [from, to, field] of table) {
    const wrong = query.replace(from, to);
    assert.notEqual(wrong, query);
    const attempt = () => {
      const { request, scene } = open('create', wrong);
      create.ask.read(request, scene);
    };
    assert.equal(refusalOf(attempt).detail.field, field, to);
  }
  const read = (from: string, to: string) => () => {
    const text = `productId=2257&data=${sealData((requests[1]?.['plain'] ?? '').replace(from, to), product())}`;
    const { request, scene } = open('transfer', `${text}&encrypt=${md5(text)}`);
    return transfer.ask.read(request, scene);
  };
  for (const [from, to, field] of [
    ['amount=20000', 'amount=20000.00', 'amount'],
    ['amount=20000', 'amount=-1', 'amount'],
    ['amount=20000', 'amount=020', 'amount'],
    ['currency=IDR', 'currency=THB', 'currency'],
    ['payeeType=NORMAL', 'payeeType=X', 'payeeType'],
    ['payeeAccount=1077098557', 'payeeAccount=', 'payeeAccount'],
    ['payeeName=Afif Asrif', 'payeeName=', 'payeeName'],
  ] as const)
    assert.equal(refusalOf(read(from, to)).detail.field, field, to);
  assert.equal(read('', '')().payee.bank, 'ARTHA_GRAHA');
  assert.equal(read('ARTA GRAHA', 'BANK OF NOWHERE')().payee.bank, 'BANK OF NOWHERE');
});

test('a channel may have another path for an endpoint', () => {
  const target = sealed('create', product({ 'path.create': '/indonesia/express/gather/mo' }));
  assert.ok(target.startsWith('http://up/indonesia/express/gather/mo?productId=2257'), target);
});
