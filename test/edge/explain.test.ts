import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import type { RawMessage } from '../../src/core/inspection.ts';
import { explain } from '../../src/edge/explain.ts';
import type { KnownParty } from '../../src/edge/finding.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import { inEnglish } from '../../src/web/console/words/sayings.ts';

const world = { now: () => 1_800_000_000_000, nonce: (bytes: number) => new Uint8Array(bytes) };
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

function party(protocol: string, sender: string, secrets: Record<string, string>, label = sender): KnownParty {
  return {
    label,
    protocol,
    keys: {
      sender,
      secrets: (name) => (secrets[name] === undefined ? [] : [secrets[name]]),
      keyObjects: () => [],
      setting: () => null,
    },
  };
}

describe('payin', () => {
  const [key, other] = ['Kfirst-key-of-the-merchant', 'Ksecond-key-of-another'];
  const parties = [party('payin', '1001', { apiKey: key }), party('payin', '1002', { apiKey: other }, 'credential 2')];
  const body = '{"merchantId": "1001", "amount": "20000", "remark": "é/x"}\n';
  const compact = JSON.stringify(JSON.parse(body));

  function ask(sign: string | null, text = body) {
    const headers = [
      ['merchantid', '1001'],
      ['content-type', 'application/json'],
      ...(sign === null ? [] : [['sign', sign]]),
    ];
    const message: RawMessage = {
      protocol: 'payin',
      method: 'POST',
      target: '/api/payIn',
      headers: headers.map(([name = '', value = '']) => [name, value] as const),
      body: Buffer.from(text),
    };
    return inEnglish(explain(world, protocolNamed('payin'), message, parties));
  }

  test('a right signature fits, in either letter case', () => {
    assert.equal(ask(md5(body + key)).verdict, 'fits');
    assert.equal(ask(md5(body + key).toUpperCase()).verdict, 'fits');
  });

  const mistakes: readonly (readonly [sign: string, mistake: RegExp])[] = [
    [md5(body), /key was forgotten/],
    [md5(key + body), /key stood before the text/],
    [md5(body + other), /key of credential 2/],
    [md5(body.trim() + key), /without the blanks or newline/],
    [md5(compact + key), /written anew without blanks/],
    [md5(`amount=20000&merchantId=1001&remark=é/x&key=${key}`), /sorted name=value pairs with &key=/],
    [md5(compact.replaceAll('é', '\\u00e9') + key), /non-ASCII characters escaped/],
    [md5(compact.replaceAll('/', '\\/') + key), /escaped slashes/],
    [
      createHash('sha256')
        .update(body + key)
        .digest('hex'),
      /SHA-256/,
    ],
    [
      createHash('md5')
        .update(body + key)
        .digest('base64'),
      /Base64/,
    ],
    [createHmac('md5', key).update(body).digest('hex'), /HMAC-MD5/],
    [md5(`${body + key}\n`), /newline stood behind the key/],
    [md5(''), /^$/],
    [md5(key), /an empty body was signed/],
    [md5(`${body}&key=${key}`), /&key= was put before the key/],
    [md5(`{"amount":"20000","merchantId":"1001","remark":"é/x"}${key}`), /sorted members/],
    [md5(JSON.stringify(JSON.parse(body), null, 2) + key), /with indents/],
    [md5(compact.replaceAll(/"(1001|20000)"/g, '$1') + key), /numbers in the body were signed as text/],
    [createHash('md5').update(Buffer.from(body, 'latin1')).update(key).digest('hex'), /ISO-8859-1/],
    [md5(body + key).slice(8, 24), /16 middle digits/],
    [md5(md5(body + key)), /hashed twice/],
  ];
  for (const [sign, mistake] of mistakes)
    test(`finds ${mistake.source}`, () => {
      const found = ask(sign);
      assert.equal(found.verdict, 'differs');
      assert.match(found.mistake ?? '', mistake);
      assert.equal(found.expected, md5(body + key));
      assert.equal(found.signedText, `${body}***`);
    });

  test('what is none of them is said to be none', () => {
    assert.deepEqual([ask('0'.repeat(32)).mistake, ask(null).verdict], [null, 'missing']);
  });

  test('no finding holds a key', () => {
    for (const [sign] of mistakes) {
      const text = JSON.stringify(ask(sign));
      assert.ok(!text.includes(key) && !text.includes(other));
    }
  });

  test('a body for another merchant than the header names', () => {
    const text = '{"merchantId":"1002"}';
    assert.match(ask(md5(text + key), text).advice.join(), /must be the same/);
  });
});

describe('bluepay', () => {
  const key = 'Kproduct-key-1234';
  const parties = [party('bluepay', '2257', { key })];
  const raw = 'cmd=CHG&t_id=abc&operator=a%20b&price=20000';
  const right = raw.replace('a%20b', 'a b');

  function ask(encrypt: string) {
    const target = `/listen/1?${raw}&encrypt=${encrypt}`;
    const message = { protocol: 'bluepay', method: 'GET', target, headers: [], body: Buffer.from('') };
    return inEnglish(explain(world, protocolNamed('bluepay'), message, parties));
  }

  test('a right one fits: decoded operator, key directly behind', () => {
    const found = ask(md5(right + key));
    assert.deepEqual([found.verdict, found.signedText], ['fits', `${right}***`]);
  });

  const mistakes: readonly (readonly [encrypt: string, mistake: RegExp])[] = [
    [md5(raw + key), /operator too/],
    [md5(right), /key was forgotten/],
    [md5(key + right), /key stood before/],
    [md5(`${right}&key=${key}`), /&key=/],
    [md5(`${right}\n${key}`), /newline was put between/],
    [md5(right + key).toUpperCase(), /upper case/],
    [md5(`cmd=CHG&operator=a b&price=20000&t_id=abc${key}`), /sorted order/],
    [md5(`CHGabca b20000${key}`), /values alone/],
    [md5(`${right}${key} `), /a blank stood beside the key/],
    [md5(right + key).slice(8, 24), /16 middle digits/],
    [
      createHash('sha1')
        .update(right + key)
        .digest('hex'),
      /SHA-1 instead of MD5/,
    ],
    [
      encodeURIComponent(
        createHash('md5')
          .update(right + key)
          .digest('base64'),
      ),
      /Base64/,
    ],
  ];
  for (const [encrypt, mistake] of mistakes)
    test(`finds ${mistake.source}`, () => {
      const found = ask(encrypt);
      assert.equal(found.verdict, 'differs');
      assert.match(found.mistake ?? '', mistake);
      assert.ok(found.advice.length >= 2 && !JSON.stringify(found).includes(key));
    });

  test('requests to the upstream: members behind encrypt, and the other form of a query', () => {
    const get = (target: string) =>
      inEnglish(
        explain(
          world,
          protocolNamed('bluepay'),
          { protocol: 'bluepay', method: 'GET', target, headers: [], body: Buffer.alloc(0) },
          parties,
        ),
      );
    const query = (encrypt: string) =>
      get(`/charge/express/queryTransfer?operatorId=7&productid=2257&t_id=T1&encrypt=${encrypt}`);
    assert.equal(query(md5(`operatorId=7&productid=2257&t_id=T1${key}`)).verdict, 'fits');
    assert.match(query(md5(`productId=2257&transactionId=T1${key}`)).mistake ?? '', /other of the two known forms/);
    const behind = get(`/listen/1?${raw}&encrypt=${md5(`${raw}&late=1${key}`)}&late=1`);
    assert.match(behind.mistake ?? '', /behind the signature/);
    const transfer = (signed: string) =>
      get(`/charge/express/transferBalance?productId=2257&data=QUJD%3D&encrypt=${md5(signed + key)}`);
    assert.equal(transfer('productId=2257&data=QUJD%3D').verdict, 'fits');
    assert.match(transfer('productId=2257&data=QUJD=').mistake ?? '', /decoded values/);
  });
});

describe('unified', () => {
  const secret = 'Ksecret-of-thirty-two-characters-x';
  const parties = [
    party('unified', 'keyid001', { apiKey: secret, hmacKey: 'H'.repeat(32) }),
    party('unified', 'keyid002', { apiKey: 'K2-of-somebody-else-entirely-xxxx' }, 'credential 2'),
  ];

  function ask(headers: readonly (readonly [string, string])[], body = '{}', target = '/shop/pay/gather') {
    const message = {
      protocol: 'unified',
      method: 'POST',
      target,
      headers,
      body: Buffer.from(body),
    };
    return inEnglish(explain(world, protocolNamed('unified'), message, parties));
  }

  test('the key header, and what people make of it', () => {
    const whole = `keyid001.${secret}`;
    assert.equal(ask([['x-api-key', whole]]).verdict, 'fits');
    for (const [text, mistake] of [
      [secret, /secret alone/],
      [`keyid001-${secret}`, /no dot/],
      [`keyid002.${secret}`, /key id is not its own|another credential/],
      [`keyid001.${secret}\\n`, /blanks or a newline/],
      [`keyid001. ${secret}`, /blanks or a newline/],
      [`keyid001."${secret}"`, /quotes/],
      [`Bearer ${whole}`, /word Bearer/],
      [`<${whole}>`, /brackets/],
      [whole.toUpperCase(), /letter case/],
      [whole.slice(0, -3), /cut off/],
      ['keyid001.K2-of-somebody-else-entirely-xxxx', /another credential/],
      [`keyid001.${'H'.repeat(32)}`, /HMAC key was sent/],
    ] as const) {
      const found = ask([['x-api-key', text]]);
      assert.equal(found.verdict, 'differs', text);
      assert.match(found.mistake ?? '', mistake, text);
      assert.match(found.advice.join(), /Copy x-api-key|key of the credential/);
      assert.ok(!JSON.stringify(found).toLowerCase().includes(secret.toLowerCase().slice(0, 20)), text);
    }
    assert.match(ask([['authorization', `Bearer ${whole}`]]).mistake ?? '', /wrong place \(header authorization\)/);
    assert.match(
      ask([
        ['x-api-key', whole],
        ['x-api-key', whole],
      ]).mistake ?? '',
      /sent twice/,
    );
    assert.match(ask([['x-api-key', 'keyid001.[redacted]']]).advice.join(), /not kept/);
  });

  test('a notice of ours has no key in it: its HMAC is explained, by the API key where there is no other', () => {
    const other = parties.filter(({ keys }) => keys.sender === 'keyid002');
    const text = '1800000000.POST./hook?shop=1.{"tradeStatus":"success"}';
    const sign = createHmac('sha256', 'K2-of-somebody-else-entirely-xxxx').update(text).digest('hex');
    const headers = [
      ['x-timestamp', '1800000000'],
      ['x-signature', sign],
    ] as const;
    const body = Buffer.from('{"tradeStatus":"success"}');
    const message = { protocol: 'unified', method: 'POST', target: '/hook?shop=1', headers, body };
    const found = explain(world, protocolNamed('unified'), message, other);
    assert.deepEqual([found.verdict, found.signedText], ['fits', text]);
  });

  describe('the HMAC', () => {
    const hmacKey = 'H'.repeat(32);
    const body = '{"a": "b"}';
    const by = (text: string, digest = 'sha256', with_ = hmacKey) =>
      createHmac(digest, with_).update(text).digest('hex');
    const signed = (signature: string, stamp = now) =>
      ask(
        [
          ['x-api-key', `keyid001.${secret}`],
          ['host', 'pay.test'],
          ['x-timestamp', stamp],
          ['x-signature', signature],
        ],
        body,
        '/shop/pay/gather?v=1',
      );
    const now = '1800000000';
    const path = '/shop/pay/gather?v=1';
    const text = `${now}.POST.${path}.${body}`;

    test('a good one fits, and shows its text', () => {
      const found = signed(by(text));
      assert.deepEqual([found.verdict, found.signedText], ['fits', text]);
    });

    const mistakes: readonly (readonly [signature: string, mistake: RegExp, stamp?: string])[] = [
      [by(text).toUpperCase(), /upper case/],
      [createHmac('sha256', hmacKey).update(text).digest('base64'), /Base64/],
      [by(body), /body alone/],
      [by(`${now}.${body}`), /without method or path/],
      [by(`${now}.POST./shop/pay/gather.${body}`), /without its query/],
      [by(`${now}.POST.https://pay.test${path}.${body}`), /whole URL/],
      [by(`${now}.post.${path}.${body}`), /method was signed in lower case/],
      [by(`${now}\nPOST\n${path}\n${body}`), /newlines were put between/],
      [by(`${now}POST${path}${body}`), /nothing was put between/],
      [by(`${now}.POST.${path}.{"a":"b"}`), /written anew without blanks/],
      [by(text, 'sha256', secret), /API secret instead of the HMAC key/],
      [by(text, 'sha1'), /HMAC-SHA1 was used instead of HMAC-SHA256/],
      [by(text.replace(now, '1700000000')), /clock is 100000000 seconds off/, '1700000000'],
      [by(text.replace(now, `${now}000`)), /x-timestamp is not seconds/, `${now}000`],
    ];
    for (const [signature, mistake, stamp] of mistakes)
      test(`finds ${mistake.source}`, () => {
        const found = signed(signature, stamp);
        assert.equal(found.verdict, 'differs');
        assert.match(found.mistake ?? '', mistake);
        assert.ok(!JSON.stringify(found).includes(hmacKey));
      });
  });
});

test('somebody unknown is named, and nothing is said about keys', () => {
  const message = {
    protocol: 'payin',
    method: 'POST',
    target: '/api/payIn',
    headers: [['merchantid', '9']] as const,
    body: Buffer.from('{}'),
  };
  const parties = [party('payin', '1', { apiKey: 'a' }), party('payin', '2', { apiKey: 'b' })];
  const found = explain(world, protocolNamed('payin'), message, parties);
  assert.equal(found.verdict, 'unknown-sender');
});
