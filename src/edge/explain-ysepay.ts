/** ysepay: RSA or SM2 over the sorted members of a form; which text, digest, key or spelling it was instead, by public keys alone. */
import { createHash } from 'node:crypto';
import type { Mistake } from '../core/mistakes.ts';
import { digestOf } from '../protocols/sm2.ts';
import { holdsRight, spellings, wrongWayOf } from '../protocols/sm2-mistakes.ts';
import { isSm2Key, sm2Public } from '../protocols/sm2-curve.ts';
import { type Charset, charsetNamed, decodeText } from '../protocols/ysepay/charset.ts';
import { canonicalForm, type Param, parseForm } from '../protocols/ysepay/form.ts';
import { secretMembers } from '../protocols/ysepay/legs.ts';
import { keyNames, type SignType } from '../protocols/ysepay/settings.ts';
import { asciiOf } from '../protocols/ysepay/signed-form.ts';
import { type Decoded, readings } from './base64-readings.ts';
import { elsewhere, type Explainer, type Finding, finding, type KnownParty, type Moment, say } from './finding.ts';
import { type Candidate, candidates, examineRsa, type SignatureFound, unknownKey } from './rsa-mistakes.ts';
import { type ReceivedForm, signedTexts } from './ysepay-texts.ts';

interface Case extends ReceivedForm {
  readonly right: Uint8Array;
  readonly keys: readonly Candidate[];
  readonly moment: Moment;
}

const rule = say('rule-form-rsa-or-sm2');

export const explainYsepay: Explainer = (message, party, others, moment) => {
  const form = parseForm(message.body);
  if (form === null) return finding('differs', { advice: [say('not-form'), rule] });
  if (form.length === 0) return finding('differs', { advice: [say('no-body-kept')] });
  const charset = charsetNamed(asciiOf(form, 'charset')) ?? (asciiOf(form, 'method') === '' ? 'UTF-8' : 'GBK');
  const sign = signIn(form);
  const right = canonicalForm(form);
  const about = { signedText: shown(right, charset), received: sign === '' ? null : sign };
  if (sign.trim() === '') {
    const mistakes = elsewhere(message, 'body', /^(?:x-)?sign(?:ature)?$/i);
    return finding('missing', { ...about, mistakes, advice: [rule] });
  }
  const declared = asciiOf(form, 'sign_type');
  const received: ReceivedForm = { form, body: message.body, charset };
  const all = readings(sign);
  for (const reading of all) {
    const signType = signTypeOf(reading);
    const keys = keysFor(party, others, signType);
    const found = (signType === 'RSA' ? rsaOf : examineSm2)({ ...received, right, keys, moment }, reading.bytes);
    if (!found) continue;
    return told(found, reading, {
      declared,
      signType,
      charset,
      about: { ...about, ...expectedBy(right, keys, signType) },
    });
  }
  const [first] = all;
  const signType = first ? signTypeOf(first) : 'RSA';
  const keys = keysFor(party, others, signType);
  const mistakes: readonly Mistake[] = [
    ...wrongType(declared, signType),
    ...(first === undefined ? [{ key: 'sign-not-base64' } as const] : strangeKey(first.bytes, keys, signType)),
  ];
  return finding('differs', { ...about, ...expectedBy(right, keys, signType), mistakes, advice: [rule] });
};

function signIn(form: readonly Param[]): string {
  return Buffer.from(form.find(({ name }) => name.toLowerCase() === 'sign')?.value ?? []).toString('latin1');
}

/** Their values, quoted or bare, in JSON as it is, URL-encoded, or with its quotes as markup. */
const secret = new RegExp(
  `((?:${[...secretMembers, 'mobile_verify_code'].join('|')})(?:"|%22|&quot;)?(?:\\s|\\+|%20)*(?:[:=]|%3a)(?:\\s|\\+|%20)*(?:"|%22|&quot;)?)(?:(?!%22|&quot;|%2c|%7d)[^",}&])+`,
  'gi',
);

/** As text, with what is secret in biz_content as ***. */
function shown(text: Uint8Array, charset: Charset): string {
  const plain = decodeText(text, charset) ?? Buffer.from(text).toString('latin1');
  return plain.replaceAll(secret, '$1***');
}

/** By its form, whatever sign_type says. r and s: 64 bytes, or a sequence of about 70; RSA signatures have 128 and more. */
function signTypeOf({ bytes }: Decoded): SignType {
  return bytes.length === 64 || (bytes[0] === 0x30 && bytes.length < 80) ? 'SM' : 'RSA';
}

// ── what was signed ───────────────────────────────────────────────────────────────────────────────────────────────────

function keysFor(party: KnownParty, others: readonly KnownParty[], signType: SignType): readonly Candidate[] {
  const all = candidates(party, others, keyNames[signType]);
  return all.filter(({ key }) => (signType === 'SM' ? isSm2Key(key) : key.asymmetricKeyType === 'rsa'));
}

function rsaOf(form: Case, signature: Uint8Array): SignatureFound | null {
  const { keys, right, moment } = form;
  return examineRsa({ keys, right, moment, digests: ['sha1'], texts: () => signedTexts(form, 2) }, signature);
}

function examineSm2(form: Case, signature: Uint8Array): SignatureFound | null {
  const made = (whose: Candidate['whose'], mistakes: readonly Mistake[], theirText: Uint8Array | null = null) => ({
    whose,
    mistakes,
    theirText,
    advice: signature.length === 64 ? [say('raw-numbers')] : [],
    isUnknownText: false,
  });
  for (const { key, whose, mistake } of form.keys)
    for (const { mistakes: spelt, signature: written } of spellings(signature)) {
      if (form.moment.isOver()) return null;
      const own = mistake === null ? [] : [mistake];
      if (holdsRight(key, form.right, written)) return made(whose, [...own, ...spelt]);
      // Each try costs a millisecond: further mistakes are looked for with the keys of the party only.
      if (whose === 'a stranger') continue;
      const way = wrongWayOf(key, form.right, written);
      if (way !== null) return made(whose, [...own, way, ...spelt]);
      for (const { text, mistakes } of signedTexts(form, 1)) {
        if (form.moment.isOver()) return null;
        if (holdsRight(key, text, written)) return made(whose, [...own, ...mistakes, ...spelt], text);
      }
    }
  return null;
}

// ── in words ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Telling {
  readonly declared: string;
  readonly signType: SignType;
  readonly charset: Charset;
  readonly about: Partial<Finding>;
}

function told(
  found: SignatureFound,
  { mistakes: spelt }: Decoded,
  { declared, signType, charset, about }: Telling,
): Finding {
  const mistakes = [...found.mistakes, ...spelt, ...wrongType(declared, signType)];
  const own = found.whose === 'ours' ? [say('made-here')] : [];
  if (mistakes.length === 0 && !found.isUnknownText)
    return finding('fits', { ...about, advice: [say('fits'), ...own, ...found.advice] });
  const theirText = found.theirText === null ? null : shown(found.theirText, charset);
  return finding('differs', { ...about, mistakes, theirText, advice: [...own, ...found.advice, rule] });
}

function wrongType(declared: string, signType: SignType): readonly Mistake[] {
  return declared === signType
    ? []
    : [{ key: 'sign-type-other', fill: { declared: declared.slice(0, 20), real: signType } }];
}

/** The digest that the right signature is made of: the signature itself only its owner can make. */
function expectedBy(
  right: Uint8Array,
  keys: readonly Candidate[],
  signType: SignType,
): { readonly expected: string | null } {
  if (signType === 'RSA') return { expected: `${createHash('sha1').update(right).digest('hex')} (SHA-1)` };
  const [first] = keys;
  if (!first) return { expected: null };
  const e = digestOf(sm2Public(first.key), right);
  return { expected: `${e.toString(16).padStart(64, '0')} (SM3)` };
}

function strangeKey(signature: Uint8Array, keys: readonly Candidate[], signType: SignType): readonly Mistake[] {
  const [first] = keys;
  if (!first) return [{ key: 'key-none', fill: { kind: signType } }];
  if (signType === 'SM') return [];
  return unknownKey(signature, first.key);
}
