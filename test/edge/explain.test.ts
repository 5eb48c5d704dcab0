import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import type { RawMessage } from '../../src/core/inspection.ts';
import { explain } from '../../src/edge/explain.ts';
import type { KnownParty } from '../../src/edge/finding.ts';
import { protocolNamed } from '../../src/protocols/all.ts';

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
    return explain(world, protocolNamed('payin'), message, parties);
  }

  test('a right signature fits, in either letter case', () => {
    assert.equal(ask(md5(body + key)).verdict, 'fits');
    assert.equal(ask(md5(body + key).toUpperCase()).verdict, 'fits');
  });

  const mistakes: readonly (readonly [sign: string, mistake: RegExp])[] = [
    [md5(body), /key was forgotten/],
    [md5(key + body), /before the body/],
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
    return explain(
      world,
      protocolNamed('bluepay'),
      { protocol: 'bluepay', method: 'GET', target, headers: [], body: Buffer.from('') },
      parties,
    );
  }

  test('a callback: decoded operator, key directly behind', () => {
    assert.equal(ask(md5(right + key)).verdict, 'fits');
    assert.match(ask(md5(raw + key)).mistake ?? '', /operator too/);
    assert.match(ask(md5(right)).mistake ?? '', /forgotten/);
    assert.match(ask(md5(right + key).toUpperCase()).mistake ?? '', /upper case/);
    assert.match(ask(md5(`cmd=CHG&operator=a b&price=20000&t_id=abc${key}`)).mistake ?? '', /sorted/);
  });
});

describe('unified', () => {
  const secret = 'Ksecret-of-thirty-two-characters-x';
  const parties = [
    party('unified', 'keyid001', { apiKey: secret, hmacKey: 'H'.repeat(32) }),
    party('unified', 'keyid002', { apiKey: 'K2-of-somebody-else-entirely-xxxx' }, 'credential 2'),
  ];

  function ask(headers: readonly (readonly [string, string])[], body = '{}') {
    const message = {
      protocol: 'unified',
      method: 'POST',
      target: '/shop/pay/gather',
      headers,
      body: Buffer.from(body),
    };
    return explain(world, protocolNamed('unified'), message, parties);
  }

  test('the key header', () => {
    assert.equal(ask([['x-api-key', `keyid001.${secret}`]]).verdict, 'fits');
    assert.match(ask([['x-api-key', 'keyid001.K2-of-somebody-else-entirely-xxxx']]).mistake ?? '', /credential 2/);
    const found = ask([['x-api-key', `keyid001."${secret}"`]]);
    assert.match(found.mistake ?? '', /quotes/);
    assert.ok(!JSON.stringify(found).includes(secret));
  });

  test('the HMAC: path, letter case and clock', () => {
    const sign = (text: string) => createHmac('sha256', 'H'.repeat(32)).update(text).digest('hex');
    const signed = (stamp: string, signature: string) =>
      ask([
        ['x-api-key', `keyid001.${secret}`],
        ['x-timestamp', stamp],
        ['x-signature', signature],
      ]);
    const now = '1800000000';
    const text = `${now}.POST./shop/pay/gather.{}`;
    assert.equal(signed(now, sign(text)).verdict, 'fits');
    assert.match(signed(now, sign(text).toUpperCase()).mistake ?? '', /upper case/);
    assert.match(signed(now, sign('{}')).mistake ?? '', /body alone/);
    assert.match(signed('1700000000', sign(`1700000000.POST./shop/pay/gather.{}`)).mistake ?? '', /clock/);
    assert.match(signed('1800000000000', 'x').mistake ?? '', /not seconds/);
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
