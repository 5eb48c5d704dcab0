/**
 * What an RSA signature (PKCS#1 v1.5) holds, opened with public keys only: the digest that was signed, and which. So the text can be
 * looked for without asking a key each time. Private keys take no part: an answer that depends on them would be an oracle.
 */
import { constants, createHash, createPublicKey, type KeyObject, publicDecrypt, verify } from 'node:crypto';
import type { Mistake, Saying } from '../core/mistakes.ts';
import { type KnownParty, type Moment, ofOther, say } from './finding.ts';

/** A key that may have made the signature. `mistake`: null for the party's own. */
export interface Candidate {
  readonly key: KeyObject;
  readonly whose: 'theirs' | 'ours' | 'a stranger';
  readonly mistake: Mistake | null;
}

/** Names of the party's key and of ours, among its keys. */
export interface KeyNames {
  readonly theirs: string;
  readonly ours: string;
}

/** Nobody waits for the tables of a thousand SM2 keys. */
const mostOthers = 100;

/** The party's key, the other half of ours (a message of our own, or of the one whose keys these are), everybody else's. */
export function candidates(
  party: KnownParty,
  others: readonly KnownParty[],
  { theirs, ours }: KeyNames,
): readonly Candidate[] {
  const named = (from: KnownParty, name: string, whose: Candidate['whose'], mistake: Mistake | null) =>
    from.keys.keyObjects(name).map((key) => ({
      key: key.type === 'private' ? createPublicKey(key) : key,
      whose,
      mistake,
    }));
  return [
    ...named(party, theirs, 'theirs', null),
    ...named(party, ours, 'ours', null),
    ...others
      .slice(0, mostOthers)
      .flatMap((other) => [
        ...named(other, theirs, 'a stranger', ofOther(other)),
        ...named(other, ours, 'a stranger', ofOther(other)),
      ]),
  ];
}

/** A text that may have been signed, and the mistakes that lead to it: none, one or two. */
export interface SignedText {
  readonly mistakes: readonly Mistake[];
  readonly text: Uint8Array;
}

/** What was found: no mistakes at all is a signature that fits. */
export interface SignatureFound {
  readonly whose: Candidate['whose'];
  readonly mistakes: readonly Mistake[];
  /** null = the right one, or one that nobody knows. */
  readonly theirText: Uint8Array | null;
  readonly advice: readonly Saying[];
  /** The key fits, and none of the texts we know does. */
  readonly isUnknownText: boolean;
}

export interface RsaCase {
  readonly keys: readonly Candidate[];
  readonly right: Uint8Array;
  /** Digests that are accepted, as node:crypto names them; the usual one first. */
  readonly digests: readonly string[];
  /** Likeliest first; the right one need not be there. */
  texts(): Iterable<SignedText>;
  readonly moment: Pick<Moment, 'isOver'>;
}

/** Null: made with none of the keys, or not by PKCS#1. */
export function examineRsa(rsa: RsaCase, signature: Uint8Array): SignatureFound | null {
  for (const { key, whose, mistake } of rsa.keys) {
    const own = mistake === null ? [] : [mistake];
    const held = heldIn(signature, key);
    if (held !== null) return examineHeld(rsa, held, whose, own);
    if (isPss(rsa.right, signature, key)) return fitting(whose, [...own, { key: 'padding-pss' }]);
  }
  return null;
}

function fitting(
  whose: Candidate['whose'],
  mistakes: readonly Mistake[],
  theirText: Uint8Array | null = null,
): SignatureFound {
  return { whose, mistakes, theirText, advice: [], isUnknownText: false };
}

function examineHeld(rsa: RsaCase, held: Held, whose: Candidate['whose'], own: readonly Mistake[]): SignatureFound {
  const isUsual = held.digest === '' || rsa.digests.includes(held.digest);
  const fill = { digest: named(held.digest), right: named(rsa.digests[0] ?? '') };
  const how = [...(isUsual ? [] : [{ key: 'digest-other', fill } as const]), ...held.mistakes];
  if (holds(held, rsa.right)) return fitting(whose, [...own, ...how]);
  for (const { text, mistakes } of rsa.texts()) {
    if (rsa.moment.isOver()) break;
    if (holds(held, text)) return fitting(whose, [...own, ...mistakes, ...how], text);
  }
  const value = Buffer.from(held.value).toString('hex');
  const digest = held.digest === '' ? '?' : named(held.digest);
  return { ...fitting(whose, [...own, ...how]), isUnknownText: true, advice: [say('held-digest', { value, digest })] };
}

function named(digest: string): string {
  return digest.toUpperCase().replace(/^SHA/, 'SHA-');
}

interface Held {
  /** Name of the digest as node:crypto knows it. */
  readonly digest: string;
  readonly value: Uint8Array;
  /** How it was put in, if not as it should be. */
  readonly mistakes: readonly Mistake[];
}

/** DigestInfo of PKCS#1, section 9.2, up to the digest itself. */
const digestInfos: readonly (readonly [digest: string, prefix: string])[] = [
  ['sha1', '3021300906052b0e03021a05000414'],
  ['sha256', '3031300d060960864801650304020105000420'],
  ['md5', '3020300c06082a864886f70d020505000410'],
  ['sha512', '3051300d060960864801650304020305000440'],
  ['sha384', '3041300d060960864801650304020205000430'],
];

const byLength: ReadonlyMap<number, string> = new Map([
  [16, 'md5'],
  [20, 'sha1'],
  [32, 'sha256'],
]);

/** null: it was not made with the private half of this key, or not in this way. */
function heldIn(signature: Uint8Array, key: KeyObject): Held | null {
  const content = openedWith(signature, key);
  if (content === null) return null;
  const hex = content.toString('hex');
  const info = digestInfos.find(([, prefix]) => hex.startsWith(prefix));
  if (info) return { digest: info[0], value: content.subarray(info[1].length / 2), mistakes: [] };
  const bare = byLength.get(content.length);
  if (bare !== undefined) return { digest: bare, value: content, mistakes: [{ key: 'digest-bare' }] };
  const text = content.toString('latin1');
  const written = /^[0-9a-fA-F]+$/.test(text) ? byLength.get(text.length / 2) : undefined;
  return written === undefined
    ? { digest: '', value: content, mistakes: [] }
    : { digest: written, value: Buffer.from(text, 'hex'), mistakes: [{ key: 'digest-hex-encrypted' }] };
}

function openedWith(signature: Uint8Array, key: KeyObject): Buffer | null {
  if (key.asymmetricKeyType !== 'rsa') return null;
  try {
    return publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
  } catch {
    // Another length, or no padding: another key.
    return null;
  }
}

function holds({ digest, value }: Held, text: Uint8Array): boolean {
  return digest !== '' && createHash(digest).update(text).digest().equals(value);
}

/** The other padding of RSA, with any usual digest. */
function isPss(text: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_AUTO: saltLength } = constants;
  return (
    key.asymmetricKeyType === 'rsa' &&
    ['sha1', 'sha256'].some((digest) => verify(digest, text, { key, padding, saltLength }, signature))
  );
}

/** A signature that none of the keys opens: of another length, or of a stranger. `key`: the party's own. */
export function unknownKey(signature: Uint8Array, key: KeyObject): readonly Mistake[] {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  const [given, wanted] = [String(signature.length), String(bits / 8)];
  return given === wanted ? [{ key: 'key-unknown' }] : [{ key: 'key-other-length', fill: { given, wanted } }];
}
