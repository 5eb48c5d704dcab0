/** bestpay: RSA over the sorted members; which usual text or hash was signed can be told by the party's public key alone. */
import type { KeyObject } from 'node:crypto';
import {
  type Digest,
  lenientText,
  signatureBytes,
  signedText,
  signName,
  verifies,
} from '../protocols/bestpay/signing.ts';
import { digestsOf } from '../protocols/bestpay/settings.ts';
import { Obj, parseObject } from '../protocols/json.ts';
import { type Explainer, finding } from './finding.ts';

/** Requests carry SHA-256, what the platform sends SHA-1, unless the party is set otherwise. */
export const explainBestpay: Explainer = (message, { keys }, others) => {
  const members = membersOf(message.body);
  if (members === null)
    return finding('differs', { advice: ['The body is not a JSON object that can be read in one way only.'] });
  const received = members.get(signName);
  const text = signedText(members);
  const about = { signedText: text, received: typeof received === 'string' ? received : null };
  if (received === undefined || received === null || received === '')
    return finding('missing', { ...about, advice: ['Send the signature as the member sign, in Base64.'] });
  const signature = signatureBytes(received);
  if (signature === null)
    return finding('differs', {
      ...about,
      mistake: 'sign is not plain Base64',
      advice: ['Standard alphabet, padding, no line breaks.'],
    });
  const publicKeys = keys.keyObjects('publicKey');
  const [digest = 'sha256'] = digestsOf(keys, 'requestDigest');
  if (verifies(text, signature, digest, publicKeys))
    return finding('fits', { ...about, advice: ['The signature fits.'] });
  const stranger = others.find((other) => digestOf(text, signature, other.keys.keyObjects('publicKey')) !== null);
  const mistake = stranger ? `signed with the key of ${stranger.label}` : mistakeIn(members, signature, publicKeys);
  return finding('differs', {
    ...about,
    mistake,
    advice: [
      'Sort the members by name (upper case before lower), join name=value with &, leave sign out, keep empty and null ones, sign the UTF-8 bytes with SHA256withRSA.',
    ],
  });
};

function membersOf(body: Uint8Array): Obj | null {
  try {
    return parseObject(body);
  } catch {
    return null;
  }
}

const digests: readonly Digest[] = ['sha256', 'sha1'];

function digestOf(text: string, signature: Uint8Array, keys: readonly KeyObject[]): Digest | null {
  return digests.find((digest) => verifies(text, signature, digest, keys)) ?? null;
}

/** Texts that are signed by mistake (page, section 3.5), with the words for them; the right text with the wrong hash first. */
function mistakeIn(members: Obj, signature: Uint8Array, keys: readonly KeyObject[]): string | null {
  const text = signedText(members);
  const names = [...members.keys()].filter((name) => name !== signName);
  const unsorted = names.map((name) => signedText(new Obj([[name, members.get(name) ?? null]]))).join('&');
  const trials: readonly (readonly [words: string, text: string])[] = [
    ['the text is right, the hash is not: it was signed', text],
    ['empty and null members were left out, signed', lenientText(members)],
    ['the members were not sorted, signed', unsorted],
    ['an & was put behind the last member, signed', `${text}&`],
    ['the values were URL-encoded, signed', text.split('&').map(encodedValue).join('&')],
  ];
  for (const [words, one] of trials) {
    const digest = digestOf(one, signature, keys);
    if (digest !== null) return `${words} with ${digest.toUpperCase()}`;
  }
  return null;
}

function encodedValue(part: string): string {
  const at = part.indexOf('=');
  return at < 0 ? encodeURIComponent(part) : `${part.slice(0, at + 1)}${encodeURIComponent(part.slice(at + 1))}`;
}
