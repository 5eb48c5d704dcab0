/**
 * Requests that nobody should send: amounts in strange notations, members twice, keys of JavaScript, bodies too long, too deep or
 * compressed. Each is answered in the protocol's own words, nothing is stored, and the next good request works.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { endInOrder, freshNo, type Scene, shown, startScene } from './harness.ts';
import { type HeaderList, member, rawExchange, request, textAt, until } from './http.ts';
import { payinSign } from './parties.ts';

let s: Scene;
before(async () => {
  s = await startScene();
});
after(() => endInOrder(s));

const hook = () => `${s.receiver.url}/n/bad`;

async function orders(): Promise<number> {
  return (await s.operator.list('payments')).length + (await s.operator.list('payouts')).length;
}

/** JSON tokens, as they stand in the body. */
const badAmounts = [
  '0',
  '-1',
  '-20000',
  '1',
  '9999',
  '19999.99',
  '20000.5',
  '2e4',
  '1e400',
  '+20000',
  '0x4e20',
  '020000',
  '20_000',
  'NaN',
  'Infinity',
  '9007199254740993000000',
  '99999999999999999999',
  'null',
  'true',
  '[20000]',
  '{}',
  '""',
  '" "',
  '"20000 "',
  '" 20000"',
  '"2e4"',
  '"+20000"',
  '"-20000"',
  '"0x4e20"',
  '"20,000"',
  '"20_000"',
  '"２００００"',
  '"٢٠٠٠٠"',
  '"20000.001"',
  '"20000\\u0000"',
  '"Infinity"',
] as const;

describe('amounts (T033)', () => {
  test('payin: each is refused and names the member, or is no JSON; nothing is stored', async () => {
    const before = await orders();
    for (const token of badAmounts) {
      const good = JSON.stringify(s.a.payin.payMembers(freshNo(), 20_000, hook()));
      const body = good.replace('"20000.00"', token);
      const json: unknown = JSON.parse((await s.a.payin.send('payIn', body)).text);
      assert.equal(member(json, 'code'), 500, `${token}: ${JSON.stringify(json)}`);
      assert.match(textAt(json, 'msg'), /^(Params_amount_(error|Required)|Params_jsonFormat_error)$/, token);
    }
    assert.equal(await orders(), before);
  });

  test('unified: each is refused in gather and loan; nothing is stored', async () => {
    const before = await orders();
    for (const token of badAmounts)
      for (const endpoint of ['gather', 'loan'] as const) {
        const members =
          endpoint === 'gather'
            ? s.a.unified.payMembers(freshNo(), 20_000, hook())
            : s.a.unified.payOutMembers(freshNo(), 20_000, hook());
        const body = JSON.stringify(members).replace('"price":20000', `"price":${token}`);
        const json: unknown = JSON.parse((await s.a.unified.send(endpoint, body)).text);
        assert.match(textAt(json, 'code'), /^(100001|100004|100023|2000000)$/, `${token}: ${JSON.stringify(json)}`);
        assert.equal(member(json, 'data'), null);
      }
    assert.equal(await orders(), before);
  });

  test('the edges of a loan: 9 999 and 14 075 001 are refused, 10 000 and 14 075 000 go', async () => {
    for (const [price, verdict] of [
      [9_999, 'refused'],
      [10_000, 'accepted'],
      [14_075_000, 'accepted'],
      [14_075_001, 'refused'],
    ] as const)
      assert.equal((await s.a.unified.payOut(freshNo(), price, hook())).verdict, verdict, String(price));
  });
});

describe('members (T013, T015, T072)', () => {
  const twice: readonly (readonly [string, (body: string) => string])[] = [
    ['the amount twice', (b) => b.replace(/^\{/, '{"amount":"10000","price":10000,')],
    ['the number twice', (b) => b.replace(/^\{/, '{"mchOrderNo":"x","outTradeNo":"x",')],
    ['twice by an escape', (b) => b.replace(/^\{/, '{"\\u0061mount":"10000","pri\\u0063e":10000,')],
    ['twice in depth', (b) => b.replace(/\}$/, ',"extend":{"a":1,"a":2}}')],
    ['__proto__', (b) => b.replace(/^\{/, '{"__proto__":{"amount":"1"},')],
    ['constructor', (b) => b.replace(/^\{/, '{"constructor":{"prototype":{"isAdmin":true}},')],
    ['prototype', (b) => b.replace(/\}$/, ',"prototype":1}')],
    ['a lone surrogate', (b) => b.replace(/\}$/, ',"x":"\\ud800"}')],
    ['NUL', (b) => b.replace(/\}$/, ',"x":"\\u0000"}')],
    ['a raw control character', (b) => b.replace(/\}$/, ',"x":"\u0001"}')],
    ['a comment', (b) => b.replace(/^\{/, '{/* */')],
    ['a comma too much', (b) => b.replace(/\}$/, ',}')],
    ['two documents', (b) => `${b}${b}`],
    ['a list around it', (b) => `[${b}]`],
    ['a byte order mark', (b) => `\ufeff${b}`],
    ['text that is no JSON', () => 'amount=20000'],
    ['nothing', () => ''],
    ['null', () => 'null'],
  ];

  test('payin: every one is refused and nothing is stored', async () => {
    const before = await orders();
    for (const [name, spoil] of twice) {
      const body = spoil(JSON.stringify(s.a.payin.payMembers(freshNo(), 20_000, hook())));
      const json: unknown = JSON.parse((await s.a.payin.send('payIn', body)).text);
      assert.equal(member(json, 'code'), 500, `${name}: ${JSON.stringify(json)}`);
    }
    assert.equal(await orders(), before);
  });

  test('unified: every one is refused and nothing is stored', async () => {
    const before = await orders();
    for (const [name, spoil] of twice) {
      const body = spoil(JSON.stringify(s.a.unified.payMembers(freshNo(), 20_000, hook())));
      const json: unknown = JSON.parse((await s.a.unified.send('gather', body)).text);
      assert.notEqual(textAt(json, 'code'), '100000', `${name}: ${JSON.stringify(json)}`);
      assert.equal(member(json, 'data'), null, name);
    }
    assert.equal(await orders(), before);
  });

  test('a member of another type than documented is refused, never bent', async () => {
    const { payin, unified } = s.a;
    for (const changes of [
      { mchOrderNo: ['A1'] },
      { mchOrderNo: { a: 1 } },
      { mchOrderNo: true },
      { currency: ['IDR'] },
      { notifyUrl: [hook()] },
      { realName: {} },
      { reusableStatus: true },
      { payType: '999' },
      { payType: ['41'] },
      { currency: 'USD' },
      { expireTime: -1 },
    ])
      assert.equal((await payin.pay(freshNo(), 20_000, hook(), changes)).verdict, 'refused', JSON.stringify(changes));
    for (const changes of [
      { outTradeNo: ['A1'] },
      { outTradeNo: {} },
      { outTradeNo: true },
      { currency: ['IDR'] },
      { currency: 'THB' },
      { nation: 'XX' },
      { notifyType: 'HTTP' },
      { channelCode: 'other' },
      { channelSpecialParams: 'atm' },
      { passBack: 'text' },
      { passBack: [1] },
    ])
      assert.equal((await unified.pay(freshNo(), 20_000, hook(), changes)).verdict, 'refused', JSON.stringify(changes));
  });

  test('passBack comes back as it was sent: big numbers, order, escapes, empty keys (T073)', async () => {
    const passBack =
      '{"z":9007199254740993,"a":1.10,"\\u00e9":"\\u00e9\\/","nested":{"b":[1,2,{"c":null}]},"":"","10":1,"2":2}';
    const no = freshNo();
    const body = JSON.stringify(s.a.unified.payMembers(no, 20_000, `${s.receiver.url}/n/${no}`)).replace(
      /"passBack":\{[^}]*\}/,
      `"passBack":${passBack}`,
    );
    const told: unknown = JSON.parse((await s.a.unified.send('gather', body)).text);
    assert.equal(textAt(told, 'code'), '100000');
    await s.twin('bluepay').pay({ code: textAt(told, 'data', 'bizParams', 'paymentCode') });
    const got = await until('the notice', () => s.receiver.at(`/n/${no}`)[0]);
    assert.ok(got.body.includes(`"passBack":${passBack}`), got.body);
  });

  test('notice addresses that nobody should be sent to (T079)', async () => {
    const bad = [
      'ftp://127.0.0.1/x',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'http://',
      'http://user:pass@127.0.0.1:9/x',
      'http://a@b:80@127.0.0.1',
      'http://93.184.216.34:22/',
      'http://93.184.216.34:5432/',
      'http://93.184.216.34:6379/',
      'http://169.254.169.254/latest',
      'http://10.0.0.1/x',
      'http://192.168.1.1/x',
      'http://[fd00:ec2::254]/',
      'http://100.100.100.200/',
      `${s.url}/admin/v1/tokens`,
      `http://127.0.0.1:1234/${'x'.repeat(1100)}`,
    ];
    for (const url of bad) {
      assert.equal((await s.a.payin.pay(freshNo(), 20_000, url)).verdict, 'refused', url);
      assert.equal((await s.a.unified.pay(freshNo(), 20_000, url)).verdict, 'refused', url);
    }
  });
});

describe('bodies (T071, T103 to T106)', () => {
  const payinHeaders = (body: string | Uint8Array, more: HeaderList = []): HeaderList => [
    ['content-type', 'application/json'],
    ['MerchantId', s.a.payin.keys.merchantId],
    ['Sign', payinSign(body, s.a.payin.keys.apiKey)],
    ...more,
  ];

  test('of 70 KiB is answered in the protocol’s own JSON and closes the connection', async () => {
    const no = freshNo();
    const body = JSON.stringify({ ...s.a.payin.payMembers(no, 20_000, hook()), pad: 'x'.repeat(70_000) });
    const answer = await s.a.payin.send('payIn', body);
    assert.equal(member(JSON.parse(answer.text), 'code'), 500);
    assert.equal(answer.headers.connection, 'close');
    const unified = await s.a.unified.send(
      'gather',
      JSON.stringify({ ...s.a.unified.payMembers(freshNo(), 20_000, hook()), pad: 'x'.repeat(70_000) }),
    );
    assert.match(textAt(JSON.parse(unified.text), 'code'), /^(100001|2000000)$/);
    assert.equal(await shown(s, no), null);
  });

  test('without end, in pieces: cut after an answer, and others are served meanwhile', async () => {
    const head = `POST /api/payIn HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nMerchantId: ${s.a.payin.keys.merchantId}\r\nSign: ${'0'.repeat(32)}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const piece = `10000\r\n${'a'.repeat(0x10000)}\r\n`;
    const [reply, good] = await Promise.all([
      rawExchange(s.url, [head, ...Array.from({ length: 40 }, () => piece)]).catch((error: unknown) => String(error)),
      s.a.payin.pay(freshNo(), 20_000, hook()),
    ]);
    assert.match(reply, /"code":500|ECONNRESET|EPIPE/);
    assert.equal(good.verdict, 'accepted');
  });

  test('nested a hundred thousand deep, with sixty thousand members, or thousands of elements', async () => {
    const deep = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const wide = `{${Array.from({ length: 5_000 }, (_, i) => `"k${i}":1`).join(',')}}`;
    const long = `{"a":[${'1,'.repeat(20_000)}1]}`;
    for (const body of [deep, wide, long]) {
      const began = performance.now();
      const payin = await s.a.payin.send('payIn', body);
      assert.equal(member(JSON.parse(payin.text), 'code'), 500);
      const unified: unknown = JSON.parse((await s.a.unified.send('gather', body)).text);
      assert.match(textAt(unified, 'code'), /^(100001|2000000)$/);
      assert.ok(performance.now() - began < 2_000);
    }
  });

  test('compressed bodies are refused', async () => {
    const no = freshNo();
    const body = gzipSync(JSON.stringify(s.a.payin.payMembers(no, 20_000, hook())));
    const answer = await s.a.payin.send('payIn', body, payinHeaders(body, [['content-encoding', 'gzip']]));
    assert.equal(member(JSON.parse(answer.text), 'code'), 500);
    assert.equal(await shown(s, no), null);
  });

  test('another content type, several, none, or another method: the documented words', async () => {
    const body = JSON.stringify(s.a.payin.payMembers(freshNo(), 20_000, hook()));
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json; charset=gbk',
      '',
    ]) {
      const headers = payinHeaders(body).filter(([name]) => name !== 'content-type');
      const answer = await s.a.payin.send('payIn', body, [['content-type', type], ...headers]);
      assert.equal(textAt(JSON.parse(answer.text), 'msg'), 'RequestContentType_not_json', type);
    }
    const get = await request('GET', `${s.url}/api/payIn`, payinHeaders(''));
    assert.equal(textAt(JSON.parse(get.text), 'msg'), 'RequestMethod_not_post');
  });

  test('the payin words in their order: header missing, no number, unknown, empty body, signature, JSON', async () => {
    const body = '{"nonceStr":"n"}';
    const { merchantId, apiKey } = s.a.payin.keys;
    const json: HeaderList = [['content-type', 'application/json']];
    const rows: readonly (readonly [string, string, HeaderList])[] = [
      ['MerchantId_is_null', body, [['Sign', payinSign(body, apiKey)]]],
      [
        'MerchantId_not_Number',
        body,
        [
          ['MerchantId', 'abc'],
          ['Sign', payinSign(body, apiKey)],
        ],
      ],
      [
        'MerchantId_is_error',
        body,
        [
          ['MerchantId', '1'],
          ['Sign', payinSign(body, apiKey)],
        ],
      ],
      [
        'RequestBody_is_null',
        '',
        [
          ['MerchantId', merchantId],
          ['Sign', payinSign('', apiKey)],
        ],
      ],
      [
        'Sign_verify_error',
        body,
        [
          ['MerchantId', merchantId],
          ['Sign', payinSign(body, 'x')],
        ],
      ],
      ['Sign_verify_error', body, [['MerchantId', merchantId]]],
      [
        'Params_jsonFormat_error',
        '{',
        [
          ['MerchantId', merchantId],
          ['Sign', payinSign('{', apiKey)],
        ],
      ],
    ];
    for (const [word, text, headers] of rows) {
      const answer = await s.a.payin.send('getBalance', text, [...json, ...headers]);
      assert.equal(textAt(JSON.parse(answer.text), 'msg'), word);
    }
  });

  test('smuggling and nonsense on the wire are cut or refused, and the next request works (T099)', async () => {
    const body = '{}';
    const rows = [
      `POST /api/payIn HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST /api/payIn HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n${body}`,
      `POST /api/payIn HTTP/1.1\r\nhost: x\r\n folded: y\r\ncontent-length: 2\r\n\r\n${body}`,
      `POST /api/payIn HTTP/1.1\r\nhost: x\r\n__proto__: y\r\ncontent-length: 2\r\n\r\n${body}`,
      `GET http://elsewhere/health/live HTTP/1.1\r\nhost: x\r\n\r\n`,
      `NONSENSE\r\n\r\n`,
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
    ];
    for (const row of rows) {
      const reply = await rawExchange(s.url, [row], 400);
      assert.doesNotMatch(reply, /"code":200|"live":true.*"live":true/);
    }
    assert.equal((await s.a.payin.pay(freshNo(), 20_000, hook())).verdict, 'accepted');
  });
});
