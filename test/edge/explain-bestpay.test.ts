import assert from 'node:assert/strict';
import { constants, createHash, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { test } from 'node:test';
import { explain } from '../../src/edge/explain.ts';
import type { KnownParty } from '../../src/edge/finding.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import { lenientText, signedText, signText } from '../../src/protocols/bestpay/signing.ts';
import { encodeText } from '../../src/protocols/ysepay/charset.ts';
import { Obj, writeJson } from '../../src/protocols/json.ts';
import { inEnglish } from '../../src/web/console/words/sayings.ts';
import { barcodeMembers, posting } from '../conformance/bestpay-party.ts';

const world = { now: () => 1_800_000_000_000, nonce: (bytes: number) => new Uint8Array(bytes) };
const [mine, another, ours] = [
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
];

const pss = { key: mine.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING };
const md5Of = (of: string) => createHash('md5').update(of).digest('hex');

function party(sender: string, { publicKey }: typeof mine, label: string): KnownParty {
  const keyObjects = (name: string) => (name === 'publicKey' ? [publicKey] : []);
  return { label, protocol: 'bestpay', keys: { sender, secrets: () => [], keyObjects, setting: () => null } };
}
const parties = [party('3178000000000001', mine, 'credential 1'), party('3178000000000002', another, 'credential 2')];

function ask(members: Obj, sign: string | undefined) {
  const body = writeJson(new Obj([...members, ...(sign === undefined ? [] : [['sign', sign] as const])]));
  const { method, target, headers, body: bytes } = posting('orderMixBrcode', body);
  const message = { protocol: 'bestpay', method, target, headers, body: bytes };
  return inEnglish(explain(world, protocolNamed('bestpay'), message, parties));
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

/** As it travels: every member, its value as it is signed. */
const pairs = [...members].map(
  ([name, value]) => [name, signedText(new Obj([[name, value]])).slice(name.length + 1)] as const,
);
const inOrder = pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
const join = (list: typeof pairs) => list.map(([name, value]) => `${name}=${value}`).join('&');
const good = by(text);

const mistakes: readonly (readonly [sign: string, words: RegExp, mend: RegExp])[] = [
  [by(text, 'sha1'), /^signed with SHA-1 instead of SHA-256$/, /Use SHA-256/],
  [by(lenientText(members)), /^empty and null members were left out$/, /name=null/],
  [by(text.replace('&note=null', '')), /^null members were left out$/, /name=null/],
  [by(text.replace('note=null', 'note=')), /^null members were signed as if they were empty$/, /name=null/],
  [by(join(pairs), 'sha1'), /^the members were not sorted; signed with SHA-1/, /Sort the members/],
  [by(join(inOrder.toReversed())), /^the members were sorted backwards$/, /Sort the members/],
  [by(`${text}&`), /^an & was put behind the last member$/, /one & between/],
  [by(`${text}\n`), /^a newline was put behind the text$/, /nothing before, behind/],
  [by(inOrder.map(([name, value]) => name + '=' + value).join('')), /^no & was put between/, /one & between/],
  [by(inOrder.map(([, value]) => value).join('')), /^the values alone were signed/, /one & between/],
  [
    by(join(inOrder.map(([name, value]) => [name, encodeURIComponent(value)]))),
    /^the values were URL-encoded/,
    /plain values/,
  ],
  [by(join(inOrder.filter(([name]) => name !== 'notifyUrl'))), /^notifyUrl was left out$/, /Sign all members/],
  [by(text.replace(/&subject=/, '&sign=&subject=')), /^sign was signed too/, /Take sign itself out/],
  [by(writeJson(members)), /^the JSON was signed instead/, /one & between/],
  [by(md5Of(text)), /^the MD5 of the text was signed/, /Hash once/],
  [by(text, 'sha256', another.privateKey), /^signed with the key of credential 2$/, /key of the credential/],
  [by(text, 'sha256', ours.privateKey).slice(0, -4), /^made with a private key|^the signature has/, /registered here/],
  [signWith('sha256', Buffer.from(text), pss).toString('base64'), /padding PSS/, /PKCS#1/],
  [
    signWith('sha256', encodeText(text, 'GBK') ?? Buffer.alloc(0), mine.privateKey).toString('base64'),
    /GBK/,
    /charset/,
  ],
  [good.replace(/(.{64})/g, '$1\n'), /^sign has blanks or line breaks/, /standard Base64/],
  [Buffer.from(good, 'base64').toString('hex'), /^sign was written in hex/, /standard Base64/],
  [good.replaceAll('+', '-').replaceAll('/', '_'), /Base64 of URLs/, /standard Base64/],
  ['(none)', /^sign is not Base64$/, /standard Base64/],
];
for (const [sign, words, mend] of mistakes)
  test(`a mistake: ${words.source}`, () => {
    const found = ask(members, sign);
    assert.equal(found.verdict, 'differs');
    assert.match(found.mistake ?? '', words);
    assert.match(found.advice.join('\n'), mend);
  });

test('objects inside are JSON with sorted members', () => {
  const nested = barcodeMembers({ extra: { b: 1, a: 'x' } });
  const right = signedText(nested);
  assert.match(right, /extra=\{"a":"x","b":1\}/);
  assert.match(ask(nested, by(right.replace('{"a":"x","b":1}', '{"b":1,"a":"x"}'))).mistake ?? '', /inside an object/);
  assert.match(ask(nested, by(right.replace('{"a":"x","b":1}', '{"b": 1, "a": "x"}'))).mistake ?? '', /with blanks/);
});

test('names in capitals come first', () => {
  const mixed = barcodeMembers({ Zone: '1' });
  const byLetter = [
    ...signedText(mixed)
      .split('&Zone=1')
      .join('')
      .replace(/^Zone=1&/, '')
      .split('&'),
    'Zone=1',
  ].join('&');
  assert.match(ask(mixed, by(byLetter)).mistake ?? '', /without regard to upper and lower case/);
});

test('a text that nobody thinks of: the key fits, and the digest is shown', () => {
  const found = ask(members, by('something else'));
  assert.deepEqual([found.verdict, found.mistake, found.theirText], ['differs', null, null]);
  assert.ok(found.advice.some((line) => line.includes(createHash('sha256').update('something else').digest('hex'))));
});

test('what the sender has signed is shown beside what we have', () => {
  const found = ask(members, by(join(pairs)));
  assert.deepEqual([found.signedText, found.theirText], [text, join(pairs)]);
});

test('none at all', () => {
  assert.equal(ask(members, undefined).verdict, 'missing');
});
