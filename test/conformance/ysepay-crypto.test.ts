/** ysepay: every public vector of the page, SM2 against the OpenSSL command line, keys, charsets, DES members, the form. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  verify,
} from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeText, encodeText } from '../../src/protocols/ysepay/charset.ts';
import { derPair } from '../../src/protocols/der.ts';
import { decryptMember, encryptMember } from '../../src/protocols/ysepay/des.ts';
import { canonicalForm, parseForm, writeForm } from '../../src/protocols/ysepay/form.ts';
import { digestOf, signSm2, signWith, verifySm2 } from '../../src/protocols/sm2.ts';
import { publicKeyOf, sm2Private, sm2Public } from '../../src/protocols/sm2-curve.ts';

const path = new URL('../../../src/protocols/ysepay/vectors/signatures.json', import.meta.url);
const vectors: {
  keys: Record<string, string>;
  notice: { key: string; params: Record<string, string>; sign: string };
  reply: { name: string; key: string; node: string; sha1: string; sign: string }[];
  request: { key: string; canonical: string; sha1: string; sign: string };
  des: { partner: string; plain: string; charset: string; result: string }[];
  sm2: Record<'public' | 'private' | 'message' | 'z' | 'e' | 'der', string>;
  gbt: Record<'d' | 'k' | 'message' | 'z' | 'e' | 'r' | 's', string>;
} = JSON.parse(readFileSync(path, 'utf8'));

const rsaKey = (name: string): KeyObject =>
  createPublicKey({ key: { kty: 'RSA', n: vectors.keys[name] ?? '', e: 'AQAB' }, format: 'jwk' });
const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex');
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const rsaVerifies = (bytes: Uint8Array, key: string, sign: string) =>
  verify('RSA-SHA1', bytes, rsaKey(key), Buffer.from(sign, 'base64'));

test('G1: a real notice verifies over its form, sign_type included, an empty member dropped', () => {
  const { params, key, sign } = vectors.notice;
  const form = parseForm(Buffer.from(new URLSearchParams({ ...params, sign, card_type: '' }).toString()));
  assert.ok(form);
  const canonical = canonicalForm(form);
  assert.ok(rsaVerifies(canonical, key, sign));
  assert.ok(!rsaVerifies(Buffer.from(canonical.toString().replace('10.00', '10.01')), key, sign));
});

test('G3 and C: replies verify over the raw node, in UTF-8 and not in GBK', () => {
  assert.equal(vectors.reply.length, 2);
  for (const { node, key, sign, sha1: digest } of vectors.reply) {
    assert.equal(sha1(Buffer.from(node)), digest);
    assert.ok(rsaVerifies(Buffer.from(node), key, sign));
  }
  const [g3] = vectors.reply;
  const gbk = encodeText(g3?.node ?? '', 'GBK');
  assert.ok(gbk && !rsaVerifies(gbk, 'K2017', g3?.sign ?? ''));
});

test('A: the canonical request, whatever the order and escaping it came in', () => {
  const { canonical, sign, key, sha1: digest } = vectors.request;
  const members = canonical
    .split(/&(?=[a-z_]+=)/)
    .map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const);
  const raw = [
    ...members.map(([name, value]) => `${name}=${value}`),
    'return_url=',
    `sign=${sign.replaceAll('+', '%2B')}`,
  ];
  const escaped = new URLSearchParams(
    [...members, ['return_url', ' '], ['sign', sign]].reverse() as [string, string][],
  );
  for (const body of [raw.join('&'), escaped.toString()]) {
    const form = parseForm(Buffer.from(body));
    assert.ok(form, body);
    assert.equal(Buffer.from(canonicalForm(form)).toString(), canonical);
    assert.equal(sha1(canonicalForm(form)), digest);
    assert.ok(rsaVerifies(canonicalForm(form), key, sign));
    const sent = form.find(({ name }) => name === 'sign');
    assert.equal(Buffer.from(sent?.value ?? []).toString(), sign);
  }
});

test('the DES table, both charsets', () => {
  assert.equal(vectors.des.length, 8);
  for (const { partner, plain, charset, result } of vectors.des) {
    assert.equal(decryptMember(result, partner), plain);
    if (charset === 'GBK') assert.equal(encryptMember(plain, partner), result);
  }
  assert.equal(decryptMember('7QS2P62EYbtd\r\nYECNSixfIw==', 'hyfz_test2'), 'abc测试123');
  for (const bad of ['', '====', 'AAAA', 'x', '7QS2P62EYbtdYECNSixfIw', '7QS2P62EYbs=', '７QS2'])
    assert.equal(decryptMember(bad, 'hyfz_test2'), null, bad);
  assert.equal(decryptMember(encryptMember('a', 'ab'), 'ab'), 'a');
});

test('SM2: Z, e and signature of the page, and the known answer of GB/T 32918.5', () => {
  const { sm2, gbt } = vectors;
  const key = publicKeyOf(Buffer.from(sm2.public, 'hex'));
  assert.equal(hex(key.z), sm2.z);
  assert.equal(digestOf(key, Buffer.from(sm2.message)).toString(16).padStart(64, '0'), sm2.e);
  assert.ok(verifySm2(keyObject(sm2.public), Buffer.from(sm2.message), Buffer.from(sm2.der, 'base64')));
  assert.equal(hex(sm2Public(keyObject(sm2.public)).z), sm2.z);

  const d = BigInt(`0x${gbt.d}`);
  const e = BigInt(`0x${gbt.e}`);
  const made = signWith(d, e, BigInt(`0x${gbt.k}`));
  assert.equal(made?.r.toString(16), gbt.r);
  assert.equal(made?.s.toString(16), gbt.s);
});

/** An SPKI of the curve's OID around a point. */
function keyObject(point: string): KeyObject {
  const spki = Buffer.concat([
    Buffer.from('3059301306072a8648ce3d020106082a811ccf5501822d034200', 'hex'),
    Buffer.from(point, 'hex'),
  ]);
  return createPublicKey({ key: spki, format: 'der', type: 'spki' });
}

test('SM2: DER and raw are taken; one flipped byte, a range broken, a padded or trailing byte is not', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'SM2' });
  const message = encodeText('subject=测试订单&total_amount=0.01', 'GBK') ?? Buffer.alloc(0);
  const der = Buffer.from(signSm2(privateKey, message, randomBytes));
  assert.ok(verifySm2(publicKey, message, der));
  const [r, s] = pairOf(der);
  const raw = Buffer.from(r.toString(16).padStart(64, '0') + s.toString(16).padStart(64, '0'), 'hex');
  assert.ok(verifySm2(publicKey, message, raw));
  for (let at = 0; at < der.length; at += 1) {
    const bad = Buffer.from(der);
    bad[at] = (bad[at] ?? 0) ^ 1;
    assert.ok(!verifySm2(publicKey, message, bad), `byte ${at}`);
  }
  const n = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
  const refused = [
    derPair(0n, s),
    derPair(r, 0n),
    derPair(r + n, s),
    derPair(r, s + n),
    derPair(r, n - r),
    Buffer.concat([der, Buffer.from([0])]),
    Buffer.concat([Buffer.from([0x30, 0x81, der.length - 2]), der.subarray(2)]),
    Buffer.concat([Buffer.from([0x30, der.length - 1]), der.subarray(2), Buffer.from([0])]),
    Buffer.concat([Buffer.from([0x30, der.length - 1, 0x02, (der[3] ?? 0) + 1, 0x00]), der.subarray(4)]),
    Buffer.alloc(64),
    Buffer.alloc(64, 255),
    Buffer.alloc(0),
    raw.subarray(1),
  ];
  for (const bad of refused) assert.ok(!verifySm2(publicKey, message, bad), hex(bad));
  assert.ok(!verifySm2(generateKeyPairSync('ec', { namedCurve: 'SM2' }).publicKey, message, der));
});

function pairOf(der: Buffer): [bigint, bigint] {
  const rLength = der[3] ?? 0;
  const r = der.subarray(4, 4 + rLength);
  const s = der.subarray(6 + rLength);
  return [BigInt(`0x${hex(r)}`), BigInt(`0x${hex(s)}`)];
}

test('SM2: a point off the curve, another curve and an RSA key are no keys', () => {
  const off = `${vectors.sm2.public.slice(0, -1)}1`;
  assert.throws(() => publicKeyOf(Buffer.from(off, 'hex')));
  assert.throws(() => sm2Public(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey), /SM2/);
  assert.throws(() => sm2Private(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey), /SM2/);
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

test('SM2 and OpenSSL understand each other, GBK included', { skip: hasOpenssl ? false : 'no openssl command' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanal-sm2-'));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => spawnSync('openssl', args, { encoding: 'utf8' });
  const id = ['-sigopt', 'distid:1234567812345678'];
  try {
    // Their key, then ours: both ways of making one must do.
    execFileSync('openssl', ['genpkey', '-algorithm', 'SM2', '-out', file('theirs.pem')]);
    const ours = generateKeyPairSync('ec', { namedCurve: 'SM2' });
    writeFileSync(file('ours.pem'), ours.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    for (const name of ['theirs', 'ours']) {
      execFileSync('openssl', ['pkey', '-in', file(`${name}.pem`), '-pubout', '-out', file(`${name}.pub`)]);
      const privateKey = createPrivateKey(readFileSync(file(`${name}.pem`)));
      const publicKey = createPublicKey(readFileSync(file(`${name}.pub`)));
      for (const subject of ['plain', '测试订单，价格0.01€', 'x'.repeat(500)]) {
        const message = encodeText(`biz_content={"subject":"${subject}"}&charset=GBK`, 'GBK') ?? Buffer.alloc(0);
        writeFileSync(file('message'), message);
        writeFileSync(file('signature'), signSm2(privateKey, message, randomBytes));
        const check = ['dgst', '-sm3', '-verify', file(`${name}.pub`), ...id, '-signature', file('signature')];
        assert.equal(openssl(...check, file('message')).status, 0, 'OpenSSL takes ours');
        const flipped = Buffer.from(message);
        flipped[3] = (flipped[3] ?? 0) ^ 1;
        writeFileSync(file('flipped'), flipped);
        assert.notEqual(openssl(...check, file('flipped')).status, 0, 'OpenSSL refuses a flipped byte');
        execFileSync('openssl', [
          'dgst',
          '-sm3',
          '-sign',
          file(`${name}.pem`),
          ...id,
          '-out',
          file('theirs'),
          file('message'),
        ]);
        assert.ok(verifySm2(publicKey, message, readFileSync(file('theirs'))), 'we take theirs');
        assert.ok(!verifySm2(publicKey, flipped, readFileSync(file('theirs'))), 'we refuse a flipped byte');
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('GBK: ordinary text comes back, the euro sign is A2E3, what GBK has not is refused', () => {
  assert.equal(hex(encodeText('€', 'GBK') ?? Buffer.alloc(0)), 'a2e3');
  assert.equal(decodeText(Buffer.from('a2e3', 'hex'), 'GBK'), '€');
  assert.equal(encodeText('😀', 'GBK'), null);
  assert.equal(encodeText('\u0e01', 'GBK'), null);
  for (const bad of ['ff', '81', '8130', '81308130', '817f', 'c4e3ff'])
    assert.equal(decodeText(Buffer.from(bad, 'hex'), 'GBK'), null, bad);
  for (const bad of ['c3', 'c328', 'eda080', 'f5808080', 'c4e3'])
    assert.equal(decodeText(Buffer.from(bad, 'hex'), 'UTF-8'), null);
  // A trail byte that looks like a backslash belongs to its character.
  assert.equal(decodeText(Buffer.from('815c', 'hex'), 'GBK')?.length, 1);
});

test('property: GBK text comes back as it went', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = encodeText(text, 'GBK');
      if (bytes !== null) assert.equal(decodeText(bytes, 'GBK'), text);
    }),
    { numRuns: 2000 },
  );
});

test('property: a written form reads back, and its canonical string is that of the members', () => {
  const params = fc.uniqueArray(
    fc.record({ name: fc.stringMatching(/^[a-z_.]{1,12}$/), value: fc.uint8Array({ maxLength: 40 }) }),
    { selector: ({ name }) => name, maxLength: 12 },
  );
  fc.assert(
    fc.property(params, (list) => {
      const back = parseForm(writeForm(list));
      assert.deepEqual(
        back?.map(({ name, value }) => [name, hex(value)]),
        list.map(({ name, value }) => [name, hex(value)]),
      );
      assert.deepEqual(canonicalForm(back ?? []), canonicalForm([...list].reverse()));
    }),
    { numRuns: 1000 },
  );
});

test('the form: lenient where clients are sloppy, strict where two readers could differ', () => {
  const read = (text: string) =>
    parseForm(Buffer.from(text, 'latin1'))?.map(
      ({ name, value }) => `${name}=${Buffer.from(value).toString('latin1')}`,
    );
  assert.deepEqual(read('a=1 2&b={"x":"y=z"}&c=%41+%zz%4&d&&e='), ['a=1 2', 'b={"x":"y=z"}', 'c=A %zz%4', 'd=', 'e=']);
  for (const bad of [
    'a=1&a=2',
    'sign=1&SIGN=2',
    '=x',
    'a b=1',
    '__é=1',
    `a=${'x'.repeat(140_000)}`,
    `${'x'.repeat(65)}=1`,
  ])
    assert.equal(read(bad), undefined, bad.slice(0, 20));
  assert.equal(read(Array.from({ length: 101 }, (_, i) => `p${i}=1`).join('&')), undefined);
});
