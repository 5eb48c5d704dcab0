import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { explain } from '../../src/edge/explain.ts';
import type { KnownParty } from '../../src/edge/finding.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import { lenientText, signedText, signText } from '../../src/protocols/bestpay/signing.ts';
import { Obj, writeJson } from '../../src/protocols/json.ts';
import { barcodeMembers, posting } from '../conformance/bestpay-party.ts';

const world = { now: () => 1_800_000_000_000, nonce: (bytes: number) => new Uint8Array(bytes) };
const [mine, another] = [
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
];

function party(sender: string, { publicKey }: typeof mine, label: string): KnownParty {
  const keyObjects = (name: string) => (name === 'publicKey' ? [publicKey] : []);
  return { label, protocol: 'bestpay', keys: { sender, secrets: () => [], keyObjects, setting: () => null } };
}
const parties = [party('3178000000000001', mine, 'credential 1'), party('3178000000000002', another, 'credential 2')];

function ask(members: Obj, sign: string | undefined) {
  const body = writeJson(new Obj([...members, ...(sign === undefined ? [] : [['sign', sign] as const])]));
  const { method, target, headers, body: bytes } = posting('orderMixBrcode', body);
  return explain(
    world,
    protocolNamed('bestpay'),
    { protocol: 'bestpay', method, target, headers, body: bytes },
    parties,
  );
}

const members = barcodeMembers({ remark: '', note: null });
const text = signedText(members);
const by = (signed: string, digest: 'sha1' | 'sha256' = 'sha256', key = mine.privateKey) =>
  signText(signed, digest, key);

test('a right signature fits, and shows what was signed', () => {
  const found = ask(members, by(text));
  assert.equal(found.verdict, 'fits');
  assert.equal(found.signedText, text);
});

test('the usual mistakes are named', () => {
  const unsorted = [...members].map(([name, value]) => signedText(new Obj([[name, value]]))).join('&');
  const rows: readonly (readonly [string, RegExp])[] = [
    [by(text, 'sha1'), /the hash is not: it was signed with SHA1/],
    [by(lenientText(members)), /empty and null members were left out, signed with SHA256/],
    [by(unsorted, 'sha1'), /not sorted, signed with SHA1/],
    [by(`${text}&`), /behind the last member/],
    [
      by(
        text
          .split('&')
          .map((part) => part.replace(/=(.*)$/s, (_, value: string) => `=${encodeURIComponent(value)}`))
          .join('&'),
      ),
      /URL-encoded/,
    ],
    [by(text, 'sha256', another.privateKey), /the key of credential 2/],
    [by(text).replace(/(.{64})/g, '$1\n'), /not plain Base64/],
  ];
  for (const [sign, mistake] of rows) {
    const found = ask(members, sign);
    assert.equal(found.verdict, 'differs');
    assert.match(found.mistake ?? '', mistake);
  }
  assert.equal(ask(members, by('something else')).mistake, null);
});

test('none at all', () => {
  assert.equal(ask(members, undefined).verdict, 'missing');
});
