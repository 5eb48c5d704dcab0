/** bestpay: RSA over the sorted members; which usual text or hash was signed can be told by the party's public key alone. */
import { createHash } from 'node:crypto';
import type { RawMessage } from '../core/inspection.ts';
import type { Mistake } from '../core/mistakes.ts';
import { lenientText, signedText, signName } from '../protocols/bestpay/signing.ts';
import { digestsOf, settingOf } from '../protocols/bestpay/settings.ts';
import { Obj, parseObject } from '../protocols/json.ts';
import { readings } from './base64-readings.ts';
import { bestpayTexts } from './bestpay-texts.ts';
import { elsewhere, type Explainer, finding, say } from './finding.ts';
import { candidates, examineRsa, type RsaCase, unknownKey } from './rsa-mistakes.ts';

const names = { theirs: 'publicKey', ours: 'privateKey' };
const rule = say('rule-sorted-rsa');

/** Requests carry SHA-256, what the platform sends SHA-1, unless the party is set otherwise. */
export const explainBestpay: Explainer = (message, party, others, moment) => {
  const { keys } = party;
  const members = membersOf(message);
  if (members === null) return finding('differs', { advice: [say('not-json'), rule] });
  const given = members.get(signName);
  const received = typeof given === 'string' && given !== '' ? given : null;
  const text = signedText(members);
  const digests = digestsOf(keys, 'requestDigest');
  const [digest = 'sha256'] = digests;
  const expected = `${createHash(digest).update(text).digest('hex')} (${digest === 'sha1' ? 'SHA-1' : 'SHA-256'})`;
  const about = { signedText: text, expected, received };
  if (received === null) {
    const mistakes = elsewhere(message, 'body', /^(?:x-)?sign(?:ature)?$/i);
    return finding('missing', { ...about, mistakes, advice: [rule] });
  }
  const known = candidates(party, others, names).filter(({ key }) => key.asymmetricKeyType === 'rsa');
  const isLenient = settingOf(keys, 'signCompat') === 'lenient';
  const rsa: RsaCase = {
    keys: known,
    right: Buffer.from(text),
    digests,
    moment,
    texts: () => bestpayTexts(members, Buffer.from(message.body)),
  };
  const all = readings(received);
  for (const { bytes, mistakes: spelt } of all) {
    const found = examineRsa(isLenient ? { ...rsa, ...lenientCase(members, rsa, bytes) } : rsa, bytes);
    if (!found) continue;
    const mistakes = [...found.mistakes, ...spelt];
    const own = found.whose === 'ours' ? [say('made-here')] : [];
    if (mistakes.length === 0 && !found.isUnknownText)
      return finding('fits', { ...about, advice: [say('fits'), ...own] });
    const theirText = found.theirText === null ? null : Buffer.from(found.theirText).toString('utf8');
    return finding('differs', { ...about, mistakes, theirText, advice: [...own, ...found.advice, rule] });
  }
  return finding('differs', { ...about, mistakes: strange(all[0]?.bytes, known[0]?.key), advice: [rule] });
};

/** Where both texts are taken, the one that was signed is the right one. */
function lenientCase(members: Obj, rsa: RsaCase, signature: Uint8Array): Pick<RsaCase, 'right'> {
  const lenient = Buffer.from(lenientText(members));
  const fits = examineRsa({ ...rsa, right: lenient, texts: () => [] }, signature);
  return { right: fits !== null && fits.mistakes.length === 0 && !fits.isUnknownText ? lenient : rsa.right };
}

function strange(
  signature: Uint8Array | undefined,
  key: Parameters<typeof unknownKey>[1] | undefined,
): readonly Mistake[] {
  if (key === undefined) return [{ key: 'key-none', fill: { kind: 'RSA' } }];
  return signature === undefined ? [{ key: 'sign-not-base64' }] : unknownKey(signature, key);
}

function membersOf({ body }: RawMessage): Obj | null {
  try {
    return parseObject(body);
  } catch {
    return null;
  }
}
