/** fufu: the signature over stripped bytes, and everything somebody could do with bytes that are not hashed. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { fufu } from '../../src/protocols/fufu/protocol.ts';
import { canBeSigned, digestOf, parseSign, signIn, verifies, withSign } from '../../src/protocols/fufu/signing.ts';
import { Refusal } from '../../src/core/refusal.ts';
import {
  busiId,
  changed,
  key,
  keysWith,
  md5,
  moment,
  refusalOf,
  rowOf,
  sceneWith,
  sending,
  vectors,
} from './fufu-party.ts';

const [orderSample] = vectors('requests.json');
const body = orderSample?.body ?? '';
const open = (wire: Parameters<typeof fufu.request.open>[0], keys = keysWith()) =>
  fufu.request.open(wire, sceneWith(keys));
const whyOf = (run: () => unknown) => {
  const { code, detail } = refusalOf(run);
  return detail.why === undefined ? code : `${code}/${detail.why}`;
};

test('the vectors F1, F4, F5 and F6 give the published digests, and open', () => {
  const list = vectors('signatures.json');
  assert.equal(list.length, 4);
  for (const vector of list) {
    assert.equal(digestOf(vector.timestamp, vector.key, Buffer.from(vector.body)), vector.md5, vector.name);
    const wire = sending(vector.body, { query: `sign=${vector.md5}:${vector.timestamp}` });
    open(wire, keysWith({}, [vector.key]));
    open(
      sending(vector.body, { query: `sign=${vector.md5.toUpperCase()}%3A${vector.timestamp}` }),
      keysWith({}, [vector.key]),
    );
  }
});

test('one flipped byte anywhere in the hashed part is refused', () => {
  const bytes = Buffer.from(body);
  const sign = `sign=${md5(body)}:1700000000000`;
  for (let at = 0; at < bytes.length; at += 7) {
    if ([32, 9, 10, 13].includes(bytes[at] ?? 0)) continue;
    const forged = Buffer.from(bytes);
    forged[at] = (forged[at] ?? 0) ^ 1;
    const why = whyOf(() => open(sending(forged, { query: sign })));
    assert.ok(['unauthenticated/signature', 'invalid-request/json'].includes(why), `${at}: ${why}`);
  }
});

test('the sign has one exact form, in one place', () => {
  const good = `${md5(body)}:1700000000000`;
  for (const query of [
    'x=1',
    'sign=',
    `sign=${good}&sign=${good}`,
    `sign=${good}&%73ign=${good}`,
    `sign=${good}%0A`,
    `sign=${good} `,
    `sign=%20${good}`,
    `sign=${good}0`,
    `sign=${good.slice(0, -1)}`,
    `sign=${good.slice(1)}`,
    `sign={${good}}`,
    `sign=${md5(body)}`,
    `sign=${md5(body)}:170000000000x`,
    `sign=${md5(body)}:17000000000000000`,
    `sign=null`,
    `SIGN=${good}`,
    `sign=%E0%A4%A`,
  ])
    assert.equal(
      whyOf(() => open(sending(body, { query }))),
      'unauthenticated/signature',
      query,
    );
  open(sending(body, { query: `a=1&sign=${good}&b=2` }));
});

test('tabs may have been stripped by the sender or not; nothing else may stay', () => {
  const tabbed = `{\t"busi_id":\t"${busiId}" }`;
  const kept = (text: string) => createHash('md5').update(`1700000000000${key}${text}`).digest('hex');
  for (const hashed of [`{"busi_id":"${busiId}"}`, `{\t"busi_id":\t"${busiId}"}`])
    open(sending(tabbed, { query: `sign=${kept(hashed)}:1700000000000` }));
  assert.equal(
    whyOf(() => open(sending(tabbed, { query: `sign=${kept(tabbed)}:1700000000000` }))),
    'unauthenticated/signature',
  );
});

test('length extension: whatever stands behind the closing brace is refused, with a right signature too (F2)', () => {
  const padding = Buffer.concat([Buffer.from([0x80]), Buffer.alloc(20), Buffer.from([0x10, 8, 0, 0])]);
  for (const tail of [
    padding,
    Buffer.from(',"total_fee":"1"}'),
    Buffer.from('{"total_fee":"1"}'),
    Buffer.from('x'),
    Buffer.from('\0'),
  ]) {
    const longer = Buffer.concat([Buffer.from(body), tail]);
    assert.equal(
      whyOf(() => open(sending(longer))),
      'invalid-request/json',
    );
    assert.equal(
      whyOf(() => fufu.identify(sending(longer))),
      'invalid-request',
    );
  }
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 24 }), (tail) => {
      const isBlank = tail.every((byte) => [32, 9, 10, 13].includes(byte));
      const longer = Buffer.concat([Buffer.from(body), Buffer.from(tail)]);
      if (!isBlank) assert.throws(() => open(sending(longer)), Refusal);
    }),
    { numRuns: 300 },
  );
});

test('no digit moves over the border between time stamp and key (T012)', () => {
  const shifted = `1${key}`;
  const sign = `${createHash('md5').update(`170000000000${shifted}{}`).digest('hex')}:170000000000`;
  assert.equal(parseSign(sign), null);
  assert.equal(fufu.keys[0]?.issued, true);
});

test('names given twice, also escaped, and names with blanks are refused whatever the signature', () => {
  const plain = `{"busi_id":"${busiId}","total_fee":"1"`;
  for (const rest of [
    ',"total_fee":"2"}',
    ',"\\u0074otal_fee":"2"}',
    ',"out_ trade_no":"A"}',
    ',"out_trade_no ":"A"}',
    ',"\\u0020x":"A"}',
    ',"x":{"a b":1}}',
    ',"x":[{"a b":1}]}',
    ',"__proto__":1}',
  ])
    assert.equal(
      whyOf(() => open(sending(plain + rest))),
      'invalid-request/json',
      rest,
    );
  assert.equal(
    whyOf(() => open(sending(`\ufeff${plain}}`))),
    'invalid-request/json',
  );
  assert.equal(
    whyOf(() => open(sending(Buffer.from([0x7b, 0xff, 0x7d])))),
    'invalid-request/json',
  );
});

test('a blank put into a signed body changes nothing, is refused, or stands in free text (T011)', () => {
  const row = rowOf('order', 'pay');
  const sample = changed(body, { pay_subject: 'hello world', time_zone: '+08:00', merchant_param: 'MDE=' });
  const read = (text: string) => {
    const scene = sceneWith(keysWith(), row);
    return row.ask.read(open(sending(text, { query: `sign=${md5(sample)}:1700000000000` })), scene);
  };
  const before = read(sample);
  let changedNothing = 0;
  let refused = 0;
  for (let at = 0; at <= sample.length; at++)
    for (const blank of [' ', '\t', '\n', '\r', '\v', '\f']) {
      const text = sample.slice(0, at) + blank + sample.slice(at);
      try {
        const { subject, ...rest } = read(text);
        const { subject: own, ...known } = before;
        assert.deepEqual(rest, known, `blank at ${at}`);
        if (subject === own) changedNothing++;
        else assert.equal(subject?.replaceAll(/\s/g, ''), 'helloworld');
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
        refused++;
      }
    }
  assert.ok(changedNothing > 50 && refused > 500, `${changedNothing} unchanged, ${refused} refused`);
});

test('any key of a rotation verifies, an empty one never', () => {
  open(sending(body), keysWith({}, ['other', key]));
  const sign = parseSign(`${md5(body, '')}:1700000000000`);
  assert.ok(sign);
  assert.equal(verifies(sign, Buffer.from(body), ['']), false);
  assert.equal(verifies(sign, Buffer.from(body), []), false);
});

test('the freshness window is off until somebody sets it (T059)', () => {
  const stamped = (at: number) => sending(body, { query: `sign=${md5(body, key, String(at))}:${at}` });
  open(stamped(1_700_000_000_000));
  const keys = keysWith({ signWindowS: '300' });
  open(stamped(moment - 300_000), keys);
  open(stamped(moment + 300_000), keys);
  assert.equal(
    whyOf(() => open(stamped(moment - 300_001), keys)),
    'unauthenticated/time-stamp',
  );
  assert.equal(
    whyOf(() => open(stamped(moment + 300_001), keys)),
    'unauthenticated/time-stamp',
  );
});

test('what we seal opens, for a merchant, a channel and a notice', () => {
  const scene = { ...sceneWith(), url: 'http://x.test/hook?a=1&b=2' };
  const opened = fufu.request.open(sending(body), sceneWith());
  const wire = fufu.request.seal(opened.fields, scene);
  assert.match(wire.target, /^http:\/\/x\.test\/hook\?a=1&b=2&sign=[0-9a-f]{32}:[0-9]{13}$/);
  const again = fufu.request.open({ ...wire, target: wire.target.replace('http://x.test', '') }, sceneWith());
  assert.deepEqual([...again.fields], [...opened.fields]);
});

test('a sign is added to a query that is there, and an address with # or its own sign is not taken (T054)', () => {
  assert.equal(withSign('http://a/b', 'S'), 'http://a/b?sign=S');
  assert.equal(withSign('http://a/b?', 'S'), 'http://a/b?&sign=S');
  assert.equal(withSign('http://a/b?x=1', 'S'), 'http://a/b?x=1&sign=S');
  assert.equal(signIn(withSign('/b?x=1', 'S')), 'S');
  for (const [url, can] of [
    ['http://a/b', true],
    ['http://a/b?signature=1', true],
    ['http://a/b?x=sign', true],
    ['http://a/b#c', false],
    ['http://a/b?sign=1', false],
    ['http://a/b?x=1&sign', false],
    ['http://a/b?%73ign=1', false],
    ['http://a/b?%zz=1', false],
  ] as const)
    assert.equal(canBeSigned(url), can, url);
});
