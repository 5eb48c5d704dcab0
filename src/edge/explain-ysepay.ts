/** ysepay: RSA-SHA1 or SM2 over the sorted members of a form; which text, digest, key or spelling it was instead, by public keys alone. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { digestOf } from '../protocols/sm2.ts';
import { holdsRight, spellings, wrongWayOf } from '../protocols/sm2-mistakes.ts';
import { isSm2Key, sm2Public } from '../protocols/sm2-curve.ts';
import { type Charset, charsetNamed, decodeText } from '../protocols/ysepay/charset.ts';
import { canonicalForm, type Param, parseForm } from '../protocols/ysepay/form.ts';
import { secretMembers } from '../protocols/ysepay/legs.ts';
import { keyNames, type SignType } from '../protocols/ysepay/settings.ts';
import { asciiOf } from '../protocols/ysepay/signed-form.ts';
import { type Explainer, type Finding, finding, type KnownParty } from './finding.ts';
import { heldIn, holds, isPss } from './rsa-mistakes.ts';
import { type Decoded, readings } from './ysepay-base64.ts';
import { type ReceivedForm, type SignedText, signedTexts } from './ysepay-texts.ts';

/** A key that may have made the signature. `words`: '' for the party's own. */
interface Candidate {
  readonly key: KeyObject;
  readonly whose: 'theirs' | 'ours' | 'a stranger';
  readonly words: string;
}

interface Case extends ReceivedForm {
  readonly right: Uint8Array;
  readonly keys: readonly Candidate[];
}

/** What was found: '' in all of `words` is a signature that fits. */
interface Found {
  readonly whose: Candidate['whose'];
  readonly words: readonly string[];
  readonly advice?: readonly string[];
  /** The key fits, and none of the texts we know does. */
  readonly isUnknownText?: true;
}

const noBody =
  'There is no body. Of requests that hold the CVV or expiry of a card it is not kept: have it examined where it was made, by kanal explain.';

const howTo =
  'Take all members of the form but sign, drop empty ones, keep sign_type, sort by name, join name=value with &, values not URL-encoded, in the charset that you declare; sign those bytes with SHA1withRSA, or SM3withSM2 for sign_type SM, and write the signature in Base64.';

export const explainYsepay: Explainer = (message, party, others) => {
  const form = parseForm(message.body);
  if (form === null) return finding('differs', { advice: ['The body is not a form, or names a member twice.'] });
  if (form.length === 0) return finding('differs', { advice: [noBody] });
  const charset = charsetNamed(asciiOf(form, 'charset')) ?? (asciiOf(form, 'method') === '' ? 'UTF-8' : 'GBK');
  const sign = signIn(form);
  const right = canonicalForm(form);
  const about = { signedText: shown(right, charset), received: sign === '' ? null : sign };
  if (sign.trim() === '')
    return finding('missing', { ...about, advice: ['Send the signature as the member sign, in Base64.'] });
  const declared = asciiOf(form, 'sign_type');
  const received: ReceivedForm = { form, body: message.body, charset };
  const all = readings(sign);
  for (const reading of all) {
    const signType = signTypeOf(reading);
    const keys = candidates(party, others, signType);
    const found = (signType === 'RSA' ? examineRsa : examineSm2)({ ...received, right, keys }, reading.bytes);
    if (!found) continue;
    return told(found, reading, { declared, signType, about: { ...about, ...expectedBy(right, keys, signType) } });
  }
  const [first] = all;
  const signType = first ? signTypeOf(first) : 'RSA';
  const keys = candidates(party, others, signType);
  return finding('differs', {
    ...about,
    ...expectedBy(right, keys, signType),
    mistake: first === undefined ? 'sign is not Base64' : strangeKey(first.bytes, keys, signType),
    advice: [...signTypeAdvice(declared, signType), howTo],
  });
};

function signIn(form: readonly Param[]): string {
  return Buffer.from(form.find(({ name }) => name.toLowerCase() === 'sign')?.value ?? []).toString('latin1');
}

/** As text, with what is secret in biz_content as ***. */
function shown(text: Uint8Array, charset: Charset): string {
  const plain = decodeText(text, charset) ?? Buffer.from(text).toString('latin1');
  const names = [...secretMembers, 'mobile_verify_code'].join('|');
  return plain.replaceAll(new RegExp(`("(?:${names})"\\s*:\\s*)"[^"]*"`, 'g'), '$1"***"');
}

/** By its form, whatever sign_type says. r and s: 64 bytes, or a sequence of about 70; RSA signatures have 128 and more. */
function signTypeOf({ bytes }: Decoded): SignType {
  return bytes.length === 64 || (bytes[0] === 0x30 && bytes.length < 80) ? 'SM' : 'RSA';
}

// ── whose key ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Nobody waits for the tables of a thousand SM2 keys. */
const mostOthers = 100;

/** The party's key, the other half of ours (a message of our own, or of the one whose keys these are), everybody else's. */
function candidates(party: KnownParty, others: readonly KnownParty[], signType: SignType): readonly Candidate[] {
  const { theirs, ours } = keyNames[signType];
  const strangers = others
    .slice(0, mostOthers)
    .flatMap(({ label, keys }) => [
      ...keys.keyObjects(theirs).map((key) => candidate(key, 'a stranger', `signed with the key of ${label}`)),
      ...keys.keyObjects(ours).map((key) => candidate(key, 'a stranger', `signed with our key towards ${label}`)),
    ]);
  const all = [
    ...party.keys.keyObjects(theirs).map((key) => candidate(key, 'theirs', '')),
    ...party.keys.keyObjects(ours).map((key) => candidate(key, 'ours', '')),
    ...strangers,
  ];
  return all.filter(({ key }) => (signType === 'SM' ? isSm2Key(key) : key.asymmetricKeyType === 'rsa'));
}

function candidate(key: KeyObject, whose: Candidate['whose'], words: string): Candidate {
  return { key: key.type === 'private' ? createPublicKey(key) : key, whose, words };
}

// ── what was signed ───────────────────────────────────────────────────────────────────────────────────────────────────

function examineRsa(form: Case, signature: Uint8Array): Found | null {
  for (const { key, whose, words } of form.keys) {
    const held = heldIn(signature, key);
    if (held === null) {
      if (!isPss(form.right, signature, key)) continue;
      return { whose, words: [words, 'signed with the padding PSS instead of PKCS#1 v1.5'] };
    }
    const text = firstOf(signedTexts(form, 2), (one) => holds(held, one));
    const isUsual = held.digest === 'sha1' || held.digest === '';
    const digest = isUsual ? '' : `signed with ${named(held.digest)} instead of SHA-1`;
    if (text) return { whose, words: [words, ...text.mistakes, digest, held.words] };
    const value = `${Buffer.from(held.value).toString('hex')}${held.digest === '' ? '' : ` (${named(held.digest)})`}`;
    return {
      whose,
      words: [words, digest, held.words],
      isUnknownText: true,
      advice: [
        `The key fits, the text does not, with none of the usual mistakes. The signature holds ${value}: compare it with the digest of what you sign.`,
      ],
    };
  }
  return null;
}

function examineSm2(form: Case, signature: Uint8Array): Found | null {
  for (const { key, whose, words } of form.keys)
    for (const { words: spelling, signature: spelt } of spellings(signature)) {
      if (holdsRight(key, form.right, spelt)) return { whose, words: [words, spelling], advice: rawAdvice(signature) };
      // Each try costs a millisecond: further mistakes are looked for with the keys of the party only.
      if (whose === 'a stranger') continue;
      const way = wrongWayOf(key, form.right, spelt);
      if (way !== null) return { whose, words: [words, way, spelling] };
      const text = firstOf(signedTexts(form, 1), (one) => holdsRight(key, one, spelt));
      if (text) return { whose, words: [words, ...text.mistakes, spelling] };
    }
  return null;
}

function rawAdvice(signature: Uint8Array): readonly string[] {
  return signature.length === 64 ? ['It is written as r and s, 64 bytes: taken here; others want DER.'] : [];
}

function firstOf(texts: Iterable<SignedText>, fits: (text: Uint8Array) => boolean): SignedText | null {
  for (const one of texts) if (fits(one.text)) return one;
  return null;
}

function named(digest: string): string {
  return digest.toUpperCase().replace(/^SHA/, 'SHA-');
}

// ── in words ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Telling {
  readonly declared: string;
  readonly signType: SignType;
  readonly about: Partial<Finding>;
}

function told(found: Found, { words: spelt }: Decoded, { declared, signType, about }: Telling): Finding {
  const { whose, words, advice = [], isUnknownText = false } = found;
  const mistakes = [...words, spelt, ...wrongType(declared, signType)].filter((one) => one !== '');
  const own = whose === 'ours' ? ['Made with the private key that lies here: a message of our own.'] : [];
  if (mistakes.length === 0 && !isUnknownText)
    return finding('fits', { ...about, advice: ['The signature fits.', ...own, ...advice] });
  return finding('differs', {
    ...about,
    mistake: mistakes.length === 0 ? null : mistakes.join('; '),
    advice: [...own, ...advice, ...signTypeAdvice(declared, signType), howTo],
  });
}

function wrongType(declared: string, signType: SignType): readonly string[] {
  if (declared === signType) return [];
  return [`sign_type says ${declared === '' ? 'nothing' : `"${declared.slice(0, 20)}"`}, the signature is ${signType}`];
}

function signTypeAdvice(declared: string, signType: SignType): readonly string[] {
  return declared === signType
    ? []
    : [`sign_type must be RSA or SM, in capitals; this signature is one of ${signType}.`];
}

/** The digest that the right signature is made of: the signature itself only its owner can make. */
function expectedBy(
  right: Uint8Array,
  keys: readonly Candidate[],
  signType: SignType,
): { readonly expected: string | null } {
  if (signType === 'RSA') return { expected: `${sha1(right)} (SHA-1 of the text)` };
  const [first] = keys;
  if (!first) return { expected: null };
  const e = digestOf(sm2Public(first.key), right);
  return { expected: `${e.toString(16).padStart(64, '0')} (SM3 of the text, id and key before it)` };
}

function sha1(text: Uint8Array): string {
  return createHash('sha1').update(text).digest('hex');
}

function strangeKey(signature: Uint8Array, keys: readonly Candidate[], signType: SignType): string | null {
  const [first] = keys;
  if (!first) return `no ${signType} key of this party is known here`;
  if (signType === 'SM') return null;
  const bits = first.key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits !== signature.length * 8)
    return `the signature has ${signature.length} bytes, the key of this party makes ${bits / 8}: another key, or cut off`;
  return 'made with a private key whose public half is not known here (is the right public key registered?), or damaged';
}
