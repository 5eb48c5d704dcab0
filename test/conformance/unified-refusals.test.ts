/** unified: what is refused, with which code, and that nothing refused reaches the flows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, Num, fields } from '../../src/protocols/json.ts';
import type { Headers, Keys } from '../../src/protocols/protocol.ts';
import { unified } from '../../src/protocols/unified/protocol.ts';
import {
  apiSecret,
  changed,
  compact,
  goodKey,
  hmac,
  hmacSecret,
  jsonType,
  keysOf,
  merchant,
  moment,
  posting,
  refusalOf,
  sceneWith,
  vectors,
} from './unified-party.ts';
import { ask, type Gateway } from './unified-server.ts';

const requests = vectors('unified', 'requests.json', 3);
const gatherBody = compact(requests[0]?.['body'] ?? '');
const loanBody = compact(requests[1]?.['body'] ?? '');
const queryBody = compact(requests[2]?.['body'] ?? '');
const loanPath = '/bluepay-service/pay/loan';
const number = (raw: string) => new Num(raw);
const inParams = (changes: Readonly<Record<string, Json | undefined>>) =>
  Object.fromEntries(Object.entries(changes).map(([name, value]) => [`channelSpecialParams.${name}`, value]));

type Changes = Readonly<Record<string, Json | undefined>>;
type BadRow = readonly [what: string, changes: Changes, code: string, named: string];

/** Faults of members that gather and loan share: sent to both endpoints. */
const shared: readonly BadRow[] = [
  ['no price', { price: undefined }, '2000000', 'price'],
  ['null price', { price: null }, '2000000', 'price'],
  ['empty price', { price: '' }, '2000000', 'price'],
  ['price below the minimum', { price: number('9999') }, '100001', 'price'],
  ['price zero', { price: number('0') }, '100001', 'price'],
  ['negative price', { price: number('-20000') }, '100001', 'price'],
  ['fraction', { price: number('20000.5') }, '100001', 'price'],
  ['fraction of zeros', { price: number('20000.00') }, '100001', 'price'],
  ['exponent', { price: number('2e4') }, '100001', 'price'],
  ['infinite', { price: number('1e400') }, '100001', 'price'],
  ['beyond 2^53', { price: number('9007199254740992') }, '100001', 'price'],
  ['twenty digits', { price: number('20000000000000000000') }, '100001', 'price'],
  ['leading zero', { price: '020000' }, '100001', 'price'],
  ['plus', { price: '+20000' }, '100001', 'price'],
  ['blank', { price: ' 20000' }, '100001', 'price'],
  ['hex', { price: '0x4e20' }, '100001', 'price'],
  ['underscore', { price: '20_000' }, '100001', 'price'],
  ['full-width digits', { price: '２００００' }, '100001', 'price'],
  ['Arabic digits', { price: '٢٠٠٠٠' }, '100001', 'price'],
  ['price true', { price: true }, '100001', 'price'],
  ['price a list', { price: [number('20000')] }, '100001', 'price'],
  ['price an object', { price: fields({ amount: '20000' }) }, '100001', 'price'],
  ['no currency', { currency: undefined }, '2000000', 'currency'],
  ['another currency', { currency: 'THB' }, '100001', 'currency'],
  ['currency a number', { currency: number('360') }, '100001', 'currency'],
  ['no notifyUrl', { notifyUrl: undefined }, '2000000', 'notifyUrl'],
  ['empty notifyUrl', { notifyUrl: '' }, '2000000', 'notifyUrl'],
  ['notifyUrl of another scheme', { notifyUrl: 'ftp://m.example/cb' }, '100001', 'notifyUrl'],
  ['notifyUrl without host', { notifyUrl: 'http:///cb' }, '100001', 'notifyUrl'],
  ['notifyUrl with a user', { notifyUrl: 'http://u@m.example/cb' }, '100001', 'notifyUrl'],
  ['notifyUrl with a line break', { notifyUrl: 'http://m.example/\r\nx: y' }, '100001', 'notifyUrl'],
  ['notifyUrl too long', { notifyUrl: `http://m.example/${'x'.repeat(1024)}` }, '100001', 'notifyUrl'],
  ['no notifyType', { notifyType: undefined }, '100001', 'notifyType'],
  ['upper-case notifyType', { notifyType: 'HTTP' }, '100001', 'notifyType'],
  ['another notifyType', { notifyType: 'kafka' }, '100001', 'notifyType'],
  ['no nation', { nation: undefined }, '100001', 'nation'],
  ['another nation', { nation: 'TH' }, '100001', 'nation'],
  ['no mobile', { mobile: undefined }, '100001', 'mobile'],
  ['mobile a word', { mobile: 'nomsisdn' }, '100001', 'mobile'],
  ['mobile a number', { mobile: number('82197662283') }, '100001', 'mobile'],
  ['mobile of another country', { mobile: '+8613800138000' }, '100001', 'mobile'],
  ['mobile too short', { mobile: '0812' }, '100001', 'mobile'],
  ['no outTradeNo', { outTradeNo: undefined }, '2000000', 'outTradeNo'],
  ['empty outTradeNo', { outTradeNo: '' }, '2000000', 'outTradeNo'],
  ['long outTradeNo', { outTradeNo: 'x'.repeat(129) }, '100001', 'outTradeNo'],
  ['outTradeNo with a blank', { outTradeNo: 'a b' }, '100001', 'outTradeNo'],
  ['full-width outTradeNo', { outTradeNo: 'ａ1' }, '100001', 'outTradeNo'],
  ['outTradeNo a number', { outTradeNo: number('1') }, '100001', 'outTradeNo'],
  ['outTradeNo a list', { outTradeNo: ['1', '2'] }, '100001', 'outTradeNo'],
  ['no channelCode', { channelCode: undefined }, '100007', 'channelCode'],
  ['another channelCode', { channelCode: 'alipay' }, '100007', 'channelCode'],
  ['no channelBizCode', { channelBizCode: undefined }, '2000000', 'channelBizCode'],
  ['another channelBizCode', { channelBizCode: 'x' }, '100014', 'channelBizCode'],
  ['no channelSpecialParams', { channelSpecialParams: undefined }, '100001', 'channelSpecialParams'],
  ['channelSpecialParams null', { channelSpecialParams: null }, '100001', 'channelSpecialParams'],
  ['channelSpecialParams a text', { channelSpecialParams: '{}' }, '100001', 'channelSpecialParams'],
  ['channelSpecialParams a list', { channelSpecialParams: [] }, '100001', 'channelSpecialParams'],
  ['passBack a text', { passBack: 'x' }, '100001', 'passBack'],
  ['passBack a list', { passBack: [] }, '100001', 'passBack'],
  ['extend a text', { extend: 'prodFlag' }, '100001', 'extend'],
  ['productId a word', inParams({ productId: 'abc' }), '100001', 'productId'],
  ['two productIds', inParams({ prductId: '1' }), '100001', 'productId'],
];

const gatherOnly: readonly BadRow[] = [
  ['no payType', inParams({ payType: undefined }), '100001', 'payType'],
  ['another payType', inParams({ payType: 'card' }), '100001', 'payType'],
  ['upper-case payType', inParams({ payType: 'ATM' }), '100001', 'payType'],
  ['no bankType', inParams({ bankType: undefined }), '100001', 'bankType'],
  ['another bankType', inParams({ bankType: 'bca' }), '100001', 'bankType'],
  ['bankType a number', inParams({ bankType: number('1') }), '100001', 'bankType'],
  ['the business of loans', { channelBizCode: 'loan_fintech_bluepay' }, '100014', 'channelBizCode'],
];

const loanOnly: readonly BadRow[] = [
  ['price above the maximum', { price: number('14075001') }, '100001', 'price'],
  ['no payeeBankName', inParams({ payeeBankName: undefined }), '100001', 'payeeBankName'],
  ['empty payeeBankName', inParams({ payeeBankName: '' }), '100001', 'payeeBankName'],
  ['two banks', inParams({ payeeBackName: 'BCA' }), '100001', 'payeeBankName'],
  ['no payeeName', inParams({ payeeName: undefined }), '100001', 'payeeName'],
  ['payeeName with a control character', inParams({ payeeName: 'a\u0007' }), '100001', 'payeeName'],
  ['no payeeAccount', inParams({ payeeAccount: undefined }), '100001', 'payeeAccount'],
  ['payeeAccount a number', inParams({ payeeAccount: number('1077098557') }), '100001', 'payeeAccount'],
  ['another payeeType', inParams({ payeeType: 'normal' }), '100001', 'payeeType'],
  ['another payeeCountry', inParams({ payeeCountry: 'XX' }), '100001', 'payeeCountry'],
  ['the business of gather', { channelBizCode: 'gather_dynamic_VA_bluepay' }, '100014', 'channelBizCode'],
];

async function refused(body: string, target: string, code: string, named: string | null, what: string): Promise<void> {
  const said = await ask(posting(body, { target }));
  assert.equal(said.code, code, what);
  assert.equal(said.status, 200, what);
  assert.equal(said.asked, null, what);
  assert.equal(said.reply.get('data'), null, what);
  const message = said.reply.get('message');
  assert.ok(typeof message === 'string');
  if (named !== null && !['100007', '100014'].includes(code)) assert.ok(message.includes(named), `${what}: ${message}`);
}

test('bad members have exact codes and reach nobody', async () => {
  const target = '/bluepay-service/pay/gather';
  let rows = 0;
  for (const [what, changes, code, named] of [...shared, ...gatherOnly]) {
    await refused(changed(gatherBody, changes), target, code, named, `gather: ${what}`);
    rows += 1;
  }
  for (const [what, changes, code, named] of [...shared, ...loanOnly]) {
    await refused(changed(loanBody, changes), loanPath, code, named, `loan: ${what}`);
    rows += 1;
  }
  assert.ok(rows >= 130, String(rows));
});

test('bad queries have exact codes', async () => {
  const table: readonly (readonly [body: string, code: string])[] = [
    ['{}', '2000000'],
    ['{"transactionCode":null}', '2000000'],
    ['{"transactionCode":""}', '2000000'],
    ['{"transactionCode":1}', '100001'],
    ['{"transactionCode":["a"]}', '100001'],
    ['{"transactionCode":"a b"}', '100001'],
    ['{"transactionCode":"a\\n"}', '100001'],
    [`{"transactionCode":"${'x'.repeat(129)}"}`, '100001'],
    ['{"outTradeNo":"a b"}', '100001'],
    ['{"transactionCode":"a","extend":"x"}', '100001'],
  ];
  for (const [body, code] of table) await refused(body, '/bluepay-service/pay/query', code, null, body);
});

test('what is not one JSON object of one reading is 2000000', async () => {
  const bodies: readonly (string | Uint8Array)[] = [
    '',
    '{',
    '[]',
    'null',
    '"x"',
    '20000',
    `${gatherBody}x`,
    `\ufeff${gatherBody}`,
    `${gatherBody.slice(0, -1)},}`,
    gatherBody.replace('{', '{"price":1,'),
    gatherBody.replace('{', '{"\\u0070rice":1,'),
    gatherBody.replace('{', '{"__proto__":{"isAdmin":true},'),
    gatherBody.replace('{', '{"passBack":{"constructor":1},'),
    gatherBody.replace('{', '{"passBack":{"a":1,"a":2},'),
    gatherBody.replace('{', '{"passBack":{"a":"\\ud800"},'),
    gatherBody.replace('{', '{"passBack":{"a":"\\u0000"},'),
    gatherBody.replace('{', `{"passBack":${'{"a":'.repeat(9)}1${'}'.repeat(9)},`),
    gatherBody.replace('20000', '020000'),
    gatherBody.replace('20000', 'NaN'),
    gatherBody.replace('"ID"', "'ID'"),
    Buffer.concat([Buffer.from(gatherBody.slice(0, 20)), Buffer.from([0xff]), Buffer.from(gatherBody.slice(20))]),
    Buffer.from(gatherBody, 'utf16le'),
  ];
  for (const body of bodies) {
    const said = await ask(posting(body));
    assert.deepEqual([said.code, said.asked], ['2000000', null], String(body).slice(0, 60));
  }
});

test('one content type', async () => {
  const given = (headers: Headers) => ask(posting(gatherBody, { headers: [...headers, goodKey] }));
  for (const type of ['application/json', 'application/json;charset=UTF-8', 'Application/JSON; charset="utf-8"'])
    assert.equal((await given([['content-type', type]])).code, '100000', type);
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json;charset=gbk',
    'application/jsonx',
    '',
  ])
    assert.equal((await given([['content-type', type]])).code, '2000000', type);
  assert.equal((await given([])).code, '2000000');
  assert.equal((await given([jsonType, jsonType])).code, '2000000');
});

// ── credentials ─────────────────────────────────────────────────────────────────────────────────────────────────────

const other = keysOf('other001', { apiKey: ['O0123456789abcdefghijklmnopqrstuvwxyz'] });
const opened = keysOf('@open-context', {});

test('a loan from somebody who cannot prove to be a merchant is refused, always with the same reply', async () => {
  const headers = (...values: string[]): Headers => [jsonType, ...values.map((value) => ['x-api-key', value] as const)];
  const variants: readonly Headers[] = [
    headers(),
    headers(''),
    headers(' '),
    headers('null'),
    headers('undefined'),
    headers('[]'),
    headers('{}'),
    headers('true'),
    headers('demo0001'),
    headers('demo0001.'),
    headers(`.${apiSecret}`),
    headers(apiSecret),
    headers(`demo0001.${apiSecret} `),
    headers(` demo0001.${apiSecret}`),
    headers(`demo0001.${apiSecret}\n`),
    headers(`DEMO0001.${apiSecret}`),
    headers(`demo0001.${apiSecret.toLowerCase()}`),
    headers(`demo0001.${apiSecret.slice(0, -1)}`),
    headers(`demo0001.${apiSecret}x`),
    headers(`demo0001.${apiSecret}`, `demo0001.${apiSecret}`),
    headers('wrong', `demo0001.${apiSecret}`),
    headers(`demo0001.${apiSecret}, demo0001.${apiSecret}`),
    headers(`demo0001,${apiSecret}`),
    headers(`nobody00.${apiSecret}`),
    headers(`other001.${apiSecret}`),
    headers('demo0001.O0123456789abcdefghijklmnopqrstuvwxyz'),
    headers(`@bluepay-service.${apiSecret}`),
    headers(`__proto__.${apiSecret}`),
    [jsonType, ['authorization', `Bearer demo0001.${apiSecret}`]],
    [jsonType, ['x-apikey', `demo0001.${apiSecret}`]],
    [jsonType, ['cookie', `x-api-key=demo0001.${apiSecret}`]],
    [jsonType, ['x-forwarded-for', '127.0.0.1']],
  ];
  assert.ok(variants.length >= 30);
  const gateway: Gateway = { keys: [merchant(), other, opened] };
  const replies = new Set<string>();
  for (const variant of variants) {
    const said = await ask(posting(loanBody, { target: loanPath, headers: variant }), gateway);
    assert.equal(said.asked, null, JSON.stringify(variant));
    replies.add(`${said.status} ${said.bytes}`);
  }
  assert.deepEqual([...replies], ['200 {"code":"100001","message":"unauthorized","msg":"unauthorized","data":null}']);
  const members = await ask(
    posting(changed(loanBody, { 'x-api-key': `demo0001.${apiSecret}` }), {
      target: `${loanPath}?x-api-key=demo0001.${apiSecret}`,
      headers: [jsonType],
    }),
    gateway,
  );
  assert.equal(members.asked, null);
  assert.equal((await ask(posting(loanBody, { target: loanPath }), gateway)).code, '100000');
});

test('who may not speak learns nothing about the message', async () => {
  const said = await ask(posting('{', { headers: [['content-type', 'text/plain']] }));
  assert.equal(said.reply.get('message'), 'unauthorized');
});

test('an empty or absent secret opens nothing', async () => {
  for (const apiKey of [[], [''], ['', '']]) {
    const said = await ask(posting(gatherBody), { keys: [keysOf('demo0001', { apiKey })] });
    assert.equal(said.reply.get('message'), 'unauthorized');
  }
});

test('during a rotation either secret opens', async () => {
  const keys = [merchant({}, { apiKey: ['N0123456789abcdefghijklmnopqrstuvwxyz', apiSecret] })];
  assert.equal((await ask(posting(gatherBody), { keys })).code, '100000');
});

test('a context opened by an operator serves its own path, from its own addresses', async () => {
  const target = '/open-context/pay/gather';
  const bare = { target, headers: [jsonType] };
  assert.equal(
    (await ask(posting(gatherBody, bare), { keys: [opened], addresses: ['203.0.113.0/24'] })).code,
    '100000',
  );
  const elsewhere = await ask(posting(gatherBody, bare), { keys: [opened], addresses: ['198.51.100.0/24'] });
  assert.equal(elsewhere.reply.get('message'), 'unauthorized');
  const wrong = await ask(posting(gatherBody, { headers: [jsonType] }), { keys: [opened] });
  assert.equal(wrong.reply.get('message'), 'unauthorized');
});

test('at an opened context a key that is not right is refused, not passed over', async () => {
  const target = '/open-context/pay/gather';
  const gateway = { keys: [opened, merchant()] };
  for (const value of ['', ' ', 'null', 'demo0001', `demo0001.${apiSecret}x`, `@open-context.${apiSecret}`]) {
    const headers: Headers = [jsonType, ['x-api-key', value]];
    const said = await ask(posting(gatherBody, { target, headers }), gateway);
    assert.deepEqual([said.reply.get('message'), said.asked], ['unauthorized', null], value);
  }
  const twice = await ask(posting(gatherBody, { target, headers: [jsonType, goodKey, goodKey] }), gateway);
  assert.equal(twice.asked, null);
});

test('the request leg itself checks what identify claimed', () => {
  const open = (keys: Keys, headers: Headers, target: string) =>
    unified.request.open(posting(gatherBody, { headers, target }), sceneWith(keys));
  for (const [keys, headers, target] of [
    [opened, [jsonType], '/another/pay/gather'],
    [opened, [jsonType, goodKey], '/open-context/pay/gather'],
    [merchant(), [jsonType], '/bluepay-service/pay/gather'],
    [other, [jsonType, goodKey], '/bluepay-service/pay/gather'],
  ] as const)
    assert.equal(refusalOf(() => open(keys, headers, target)).code, 'unauthenticated', target);
});

test('a credential bound to a context is refused at another', async () => {
  const keys = [merchant({ context: 'mine' })];
  assert.equal((await ask(posting(gatherBody), { keys })).reply.get('message'), 'unauthorized');
  assert.equal((await ask(posting(gatherBody, { target: '/mine/pay/gather' }), { keys })).code, '100000');
});

// ── HMAC ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const path = '/bluepay-service/pay/gather';
const seconds = Math.floor(moment / 1000);

function signedWith(timestamp: string, signature: string): Headers {
  return [jsonType, goodKey, ['x-timestamp', timestamp], ['x-signature', signature]];
}

function withHmac(settings: Readonly<Record<string, string>> = { hmac: 'required' }): readonly Keys[] {
  return [merchant(settings, { apiKey: [apiSecret], hmacKey: [hmacSecret] })];
}

test('a required HMAC covers time, path and every byte of the body', async () => {
  const stamp = String(seconds);
  const good = hmac(stamp, path, gatherBody);
  const speak = async (headers: Headers, body = gatherBody, target = path) =>
    (await ask(posting(body, { headers, target }), { keys: withHmac() })).code;
  assert.equal(await speak(signedWith(stamp, good)), '100000');
  const bad: readonly Headers[] = [
    [jsonType, goodKey],
    [jsonType, goodKey, ['x-timestamp', stamp]],
    [jsonType, goodKey, ['x-signature', good]],
    [...signedWith(stamp, good), ['x-signature', good]],
    signedWith(stamp, ''),
    signedWith(stamp, good.toUpperCase()),
    signedWith(stamp, good.slice(1)),
    signedWith(stamp, `${good}00`),
    signedWith(String(seconds + 1), good),
    signedWith(`${stamp}000`, hmac(`${stamp}000`, path, gatherBody)),
    signedWith(` ${stamp}`, hmac(` ${stamp}`, path, gatherBody)),
    signedWith(stamp, hmac(stamp, '/bluepay-service/pay/loan', gatherBody)),
    signedWith(stamp, hmac(stamp, path, gatherBody, apiSecret)),
    signedWith(stamp, hmac(stamp, path, gatherBody, '')),
  ];
  for (const headers of bad) assert.equal(await speak(headers), '100001', JSON.stringify(headers));
  for (let i = 0; i < gatherBody.length; i += 1) {
    const flipped = gatherBody.slice(0, i) + (gatherBody[i] === 'x' ? 'y' : 'x') + gatherBody.slice(i + 1);
    assert.equal(await speak(signedWith(stamp, good), flipped), '100001');
  }
  assert.equal(await speak(signedWith(stamp, good), gatherBody, `${path}?a=1`), '100001');
});

test('a signed time stamp is good for five minutes either way', async () => {
  const at = async (offset: number) => {
    const stamp = String(seconds + offset);
    const wire = posting(gatherBody, { headers: signedWith(stamp, hmac(stamp, path, gatherBody)) });
    return (await ask(wire, { keys: withHmac() })).code;
  };
  for (const offset of [0, -299, 300]) assert.equal(await at(offset), '100000', String(offset));
  for (const offset of [-300, 301, 3600, -86_400]) assert.equal(await at(offset), '100001', String(offset));
});

test('an optional HMAC is checked when it is there and a key exists', async () => {
  const headers = signedWith(String(seconds), 'a'.repeat(64));
  const speak = async (keys: readonly Keys[], given: Headers = headers) =>
    (await ask(posting(gatherBody, { headers: given }), { keys })).code;
  assert.equal(await speak(withHmac({})), '100001');
  assert.equal(await speak(withHmac({}), [jsonType, goodKey]), '100000');
  assert.equal(await speak([merchant()]), '100000');
  assert.equal(
    await speak(
      [merchant({ hmac: 'required' })],
      signedWith(String(seconds), hmac(String(seconds), path, gatherBody, '')),
    ),
    '100001',
  );
});

test('the range of a loan is closed at both ends, gather has no upper end', async () => {
  const code = async (body: string, price: string, target: string) =>
    (await ask(posting(changed(body, { price: number(price) }), { target }))).code;
  assert.equal(await code(loanBody, '10000', loanPath), '100000');
  assert.equal(await code(loanBody, '14075000', loanPath), '100000');
  assert.equal(await code(loanBody, '14075001', loanPath), '100001');
  assert.equal(await code(gatherBody, '10000', path), '100000');
  assert.equal(await code(gatherBody, '14075001', path), '100000');
  assert.equal((await ask(posting(queryBody, { target: '/bluepay-service/pay/query' }))).code, '100000');
});
