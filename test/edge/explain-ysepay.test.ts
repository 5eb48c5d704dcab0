/** The signature doctor for ysepay: which usual mistake fits, in RSA and in SM2, without any private key. */
import assert from 'node:assert/strict';
import {
  constants,
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  randomBytes,
  sign as signWith,
} from 'node:crypto';
import { describe, test } from 'node:test';
import { explain } from '../../src/edge/explain.ts';
import type { KnownParty } from '../../src/edge/finding.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import { DerReader } from '../../src/protocols/der.ts';
import { digestOf, signSm2 } from '../../src/protocols/sm2.ts';
import { sm2Private, sm2Public } from '../../src/protocols/sm2-curve.ts';
import { inEnglish } from '../../src/web/console/words/sayings.ts';
import { encodeText } from '../../src/protocols/ysepay/charset.ts';

const world = { now: () => 1_800_000_000_000, nonce: (bytes: number) => new Uint8Array(bytes) };
const ysepay = protocolNamed('ysepay');

const rsa = (bits = 2048) => generateKeyPairSync('rsa', { modulusLength: bits });
const ec = () => generateKeyPairSync('ec', { namedCurve: 'SM2' });
const mine = { rsa: rsa(), sm2: ec() };
const another = { rsa: rsa(), sm2: ec() };
const platform = { rsa: rsa(), sm2: ec() };

function party(sender: string, pair: typeof mine, own: typeof mine, label: string): KnownParty {
  const objects: Readonly<Record<string, KeyObject>> = {
    publicKey: pair.rsa.publicKey,
    sm2PublicKey: pair.sm2.publicKey,
    privateKey: own.rsa.privateKey,
    sm2PrivateKey: own.sm2.privateKey,
  };
  const keyObjects = (name: string) => (objects[name] === undefined ? [] : [objects[name]]);
  return { label, protocol: 'ysepay', keys: { sender, secrets: () => [], keyObjects, setting: () => null } };
}
const parties = [
  party('demo_mch01', mine, platform, 'credential 1'),
  party('demo_mch02', another, { rsa: rsa(), sm2: ec() }, 'credential 2'),
];

const biz = '{"out_trade_no": "20260102a", "subject": "测试 a+b", "total_amount": "0", "cardCvn2": "ZZTOPSECRET="}';
const members: Readonly<Record<string, string>> = {
  method: 'ysepay.online.trade.query',
  partner_id: 'demo_mch01',
  timestamp: '2026-01-02 03:04:05',
  charset: 'UTF-8',
  sign_type: 'RSA',
  version: '3.0',
  notify_url: 'https://m.example.test/n?a=1',
  return_url: '',
  tran_type: '0',
  biz_content: biz,
};

type Entry = readonly [name: string, value: string];
const entries = (changes: Readonly<Record<string, string>> = {}): Entry[] => Object.entries({ ...members, ...changes });
const text = (list: readonly Entry[]) => list.map(([name, value]) => `${name}=${value}`).join('&');
const sorted = (list: readonly Entry[]) => list.toSorted(([a], [b]) => (a < b ? -1 : 1));
const without = (list: readonly Entry[], ...names: string[]) => list.filter(([name]) => !names.includes(name));
const right = (changes: Readonly<Record<string, string>> = {}) =>
  sorted(entries(changes).filter(([, value]) => value !== ''));
const changed = (change: (value: string) => string) => right().map(([name, value]) => [name, change(value)] as const);

type Said = ReturnType<typeof inEnglish>;

interface Sending {
  readonly changes?: Readonly<Record<string, string>>;
  /** Escapes a value for the body. */
  readonly escape?: (value: string, name: string) => string;
}

function ask(sign: string | null, { changes = {}, escape = encodeURIComponent }: Sending = {}): Said {
  const all = [...entries(changes), ...(sign === null ? [] : [['sign', sign] as const])];
  const body = Buffer.from(all.map(([name, value]) => `${name}=${escape(value, name)}`).join('&'), 'latin1');
  const headers = [['content-type', 'application/x-www-form-urlencoded']] as const;
  const message = { protocol: 'ysepay', method: 'POST', target: '/gateway.do', headers, body };
  return inEnglish(explain(world, ysepay, message, parties));
}

const by = (signed: string | Uint8Array, digest = 'sha1', key = mine.rsa.privateKey) =>
  signWith(digest, Buffer.from(signed), key).toString('base64');

function assertMistake(found: Said, mistake: RegExp): void {
  assert.equal(found.verdict, 'differs', JSON.stringify(found));
  assert.match(found.mistake ?? '', mistake);
  assertNoSecret(found);
}

function assertNoSecret(found: Said): void {
  const said = JSON.stringify(found);
  assert.ok(!said.includes('TOPSECRET') && !said.includes('PRIVATE KEY'), said);
  for (const { rsa: pair, sm2 } of [mine, another, platform]) {
    assert.ok(!said.includes(pair.privateKey.export({ format: 'jwk' }).d ?? '?'));
    assert.ok(!said.includes(sm2Private(sm2.privateKey).toString(16)));
  }
}

describe('RSA', () => {
  test('a right signature fits, and shows what is signed, what is secret as ***', () => {
    const found = ask(by(text(right())));
    assert.equal(found.verdict, 'fits');
    assert.equal(found.signedText, text(right()).replace('ZZTOPSECRET=', '***'));
    const digest = createHash('sha1').update(text(right())).digest('hex');
    assert.equal(found.expected, `${digest} (SHA-1)`);
    assertNoSecret(found);
  });

  const gbk = (list: readonly Entry[]) => encodeText(text(list), 'GBK') ?? '';
  const compact = JSON.stringify(JSON.parse(biz));
  const bits = mine.rsa.privateKey;
  const pss = { key: bits, padding: constants.RSA_PKCS1_PSS_PADDING };
  const sha1 = (of: string) => createHash('sha1').update(of).digest();
  const mistakes: readonly (readonly [sign: string, mistake: RegExp])[] = [
    [by(text(without(right(), 'sign_type'))), /^sign_type was left out$/],
    [by(text(without(right(), 'notify_url'))), /^notify_url was left out$/],
    [by(text(sorted(entries()))), /^empty members were kept$/],
    [by(text(sorted([...right(), ['sign', '']]))), /^sign was signed too/],
    [by(text(without(right(), 'tran_type'))), /^tran_type was left out$/],
    [by(text(without(entries(), 'return_url'))), /^the members were not sorted$/],
    [by(text(right().toReversed())), /sorted backwards/],
    [by(text(changed(encodeURIComponent))), /still URL-encoded|were URL-encoded before/],
    [by(new URLSearchParams(right().map(([a, b]): [string, string] => [a, b])).toString()), /URL-encoded before/],
    [by(gbk(right())), /signed in GBK, while charset says UTF-8/],
    [by(Buffer.from(text(right()).replaceAll(/[\u0100-\u{10ffff}]/gu, '?'), 'latin1')), /ISO-8859-1/],
    [by(text(right()), 'sha256'), /^signed with SHA-256 instead of SHA-1$/],
    [by(text(right()), 'md5'), /^signed with MD5 instead of SHA-1$/],
    [by(text(right()), 'sha1', another.rsa.privateKey), /^signed with the key of credential 2$/],
    [by(text(right({ biz_content: compact }))), /^the biz_content was written anew without blanks for signing$/],
    [by(text(right({ biz_content: `${biz}\n` }))), /^the biz_content was signed with a newline behind it$/],
    [by(text(right({ biz_content: biz.replaceAll('"', '&quot;') }))), /&quot;/],
    [by(`biz_content=${biz}`), /^biz_content alone was signed$/],
    [by(biz), /^the text of biz_content alone was signed$/],
    [by(`${text(right())}&`), /behind the last member/],
    [by(`${text(right())}\n`), /^a newline was put behind the text$/],
    [
      by(
        right()
          .map(([, value]) => value)
          .join(''),
      ),
      /values alone/,
    ],
    [by(sha1(text(right())).toString('hex')), /the SHA1 of the text was signed instead/],
    [by(text(without(sorted(entries()), 'sign_type'))), /^sign_type was left out; empty members were kept$/],
    [by(text(without(entries(), 'sign_type', 'return_url')), 'sha256'), /sign_type.*not sorted.*SHA-256/],
    [signWith('sha1', Buffer.from(text(right())), pss).toString('base64'), /padding PSS/],
    [privateEncrypt(bits, sha1(text(right()))).toString('base64'), /bare digest/],
    [
      privateEncrypt(bits, Buffer.from(sha1(text(right())).toString('hex'))).toString('base64'),
      /hex text of the digest/,
    ],
    [by(text(right())).replace(/(.{76})/g, '$1\r\n'), /blanks or line breaks/],
    [` ${by(text(right()))}`, /blanks or line breaks/],
    [Buffer.from(by(text(right())), 'base64').toString('hex'), /in hex instead of Base64/],
    [Buffer.from(by(text(right()))).toString('base64'), /Base64 twice/],
    [encodeURIComponent(by(text(right()))), /URL-encoded twice/],
    [by(text(right())).replace(/=+$/, ''), /lacks the =/],
    ['no base64!', /not Base64/],
    [by(text(right()), 'sha1', rsa(1024).privateKey), /128 bytes, the key of this party makes 256/],
    [by(text(right()), 'sha1', rsa().privateKey), /public half is not known here/],
  ];
  for (const [sign, mistake] of mistakes) test(`a mistake: ${mistake.source}`, () => assertMistake(ask(sign), mistake));

  test('the text is one that nobody thinks of: the key fits, and the digest is shown', () => {
    const found = ask(by('something else'));
    assert.equal(found.verdict, 'differs');
    assert.equal(found.mistake, null);
    assert.ok(found.advice.some((line) => line.includes(sha1('something else').toString('hex'))));
  });

  test('a + that was not escaped: of the signature, and of a value', () => {
    // Deterministic, so the member is changed until the signature has one.
    const times = Array.from({ length: 50 }, (_, n) => `2026-01-02 03:04:${String(n).padStart(2, '0')}`);
    const timestamp = times.find((one) => by(text(right({ timestamp: one }))).includes('+')) ?? '';
    const sign = by(text(right({ timestamp })));
    const raw = (escaped: string) => (value: string, name: string) =>
      name === escaped ? encodeURIComponent(value).replaceAll('%2B', '+') : encodeURIComponent(value);
    assertMistake(ask(sign, { changes: { timestamp }, escape: raw('sign') }), /^the \+ of Base64 was not escaped/);
    assertMistake(ask(by(text(right())), { escape: raw('biz_content') }), /^a \+ in a value was not escaped/);
    assertMistake(
      ask(
        by(text(right({ charset: 'UTF-8' })))
          .replaceAll('+', '-')
          .replaceAll('/', '_'),
      ),
      /Base64 of URLs/,
    );
  });

  test('GBK is declared and UTF-8 was signed', () => {
    const inGbk = (value: string) =>
      Array.from(encodeText(value, 'GBK') ?? [], (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    const changes = { charset: 'GBK' };
    assertMistake(ask(by(text(right(changes))), { changes, escape: inGbk }), /signed in UTF-8, while charset says GBK/);
    assert.equal(ask(by(encodeText(text(right(changes)), 'GBK') ?? ''), { changes, escape: inGbk }).verdict, 'fits');
  });

  test('no body at all, as of requests with a card, which are not kept', () => {
    const message = { protocol: 'ysepay', method: 'POST', target: '/gateway.do', headers: [], body: new Uint8Array(0) };
    const found = inEnglish(explain(world, ysepay, message, parties.slice(0, 1)));
    assert.equal(found.verdict, 'differs');
    assert.match(found.advice.join(), /CVV/);
  });

  test('none at all; a form that names a member twice; a sign_type in small letters; a message of our own', () => {
    assert.equal(ask(null).verdict, 'missing');
    assert.equal(ask(' ').verdict, 'missing');
    const changes = { sign_type: 'rsa' };
    assertMistake(ask(by(text(right(changes))), { changes }), /^sign_type says "rsa", the signature is RSA$/);
    const own = ask(by(text(right()), 'sha1', platform.rsa.privateKey));
    assert.equal(own.verdict, 'fits');
    assert.ok(own.advice.some((line) => line.includes('our own')));
  });

  test('a hostile body costs no more than a moment', () => {
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`x${n}`, 'é'.repeat(150)]));
    const deep = { biz_content: '['.repeat(15_000) };
    for (const changes of [many, deep]) {
      const began = performance.now();
      assert.equal(ask(by('something else'), { changes }).verdict, 'differs');
      assert.ok(performance.now() - began < 5_000);
    }
  });
});

describe('SM2', () => {
  const changes = { sign_type: 'SM' };
  const sm2Right = text(right(changes));
  const key = mine.sm2.privateKey;
  // Read from PEM, OpenSSL behind Node signs with an empty id; a key that Node made signs as plain ECDSA.
  const fromPem = createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' }));
  const sm2By = (signed: string | Uint8Array, by = key) => signSm2(by, Buffer.from(signed), randomBytes);
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

  function numbersOf(der: Uint8Array): readonly [r: Buffer, s: Buffer] {
    const sequence = new DerReader(der).enter(0x30);
    const one = () => Buffer.from(sequence.integer().toString(16).padStart(64, '0'), 'hex');
    return [one(), one()];
  }
  const [r, s] = numbersOf(sm2By(sm2Right));
  // As libraries write integers that do not know of their sign.
  const high = (() => {
    for (;;) {
      const pair = numbersOf(sm2By(sm2Right));
      if ((pair[0][0] ?? 0) >= 0x80) return pair;
    }
  })();
  const unsigned = Buffer.concat([Buffer.from([0x30, 68, 2, 32]), high[0], Buffer.from([2, 32]), high[1]]);

  test('a right signature fits, as DER and as 64 bytes', () => {
    const found = ask(base64(sm2By(sm2Right)), { changes });
    assert.equal(found.verdict, 'fits');
    const e = digestOf(sm2Public(mine.sm2.publicKey), Buffer.from(sm2Right));
    assert.match(found.expected ?? '', new RegExp(`^0*${e.toString(16)} `));
    const raw = ask(base64(Buffer.concat([r, s])), { changes });
    assert.equal(raw.verdict, 'fits');
    assert.ok(raw.advice.some((line) => line.includes('others want DER')));
  });

  const mistakes: readonly (readonly [sign: string, mistake: RegExp])[] = [
    [base64(signWith('sm3', Buffer.from(sm2Right), fromPem)), /^SM2 was signed with an empty id/],
    [base64(signWith('sm3', Buffer.from(sm2Right), key)), /^signed by plain ECDSA with SM3/],
    [base64(signWith('sha256', Buffer.from(sm2Right), key)), /^signed by plain ECDSA with SHA-256/],
    [base64(Buffer.concat([s, r])), /^s was written before r$/],
    [base64(unsigned), /no DER integer/],
    [Buffer.concat([r, s]).toString('hex'), /^sign was written in hex/],
    [base64(sm2By(sm2Right)).replace(/(.{64})/, '$1\n'), /line breaks/],
    [base64(sm2By(sm2Right, another.sm2.privateKey)), /^signed with the key of credential 2$/],
    [base64(sm2By(text(without(right(changes), 'sign_type')))), /^sign_type was left out$/],
    [base64(sm2By(text(sorted(entries(changes))))), /^empty members were kept$/],
    [base64(sm2By(encodeText(sm2Right, 'GBK') ?? '')), /signed in GBK/],
    [base64(sm2By(text(right({ ...changes, biz_content: JSON.stringify(JSON.parse(biz)) })))), /written anew/],
  ];
  for (const [sign, mistake] of mistakes)
    test(`a mistake: ${mistake.source}`, () => assertMistake(ask(sign, { changes }), mistake));

  test('the other algorithm than sign_type says; a key nobody knows', () => {
    assertMistake(ask(base64(sm2By(text(right())))), /^sign_type says "RSA", the signature is SM$/);
    assertMistake(ask(by(sm2Right), { changes }), /^sign_type says "SM", the signature is RSA$/);
    const found = ask(base64(sm2By(sm2Right, ec().privateKey)), { changes });
    assert.deepEqual([found.verdict, found.mistake], ['differs', null]);
  });
});
