/** unified: a key in `x-api-key`, and optionally HMAC-SHA256 over `seconds.METHOD.path.body`, lower-case hex. */
import type { Keys } from '../protocols/protocol.ts';
import { sameText } from '../protocols/signing.ts';
import { routeOf } from '../protocols/unified/legs.ts';
import { hmacHex, hmacText, isSecretOf, noticeKeys } from '../protocols/unified/signing.ts';
import { type Explainer, type Finding, finding, headerOf, type KnownParty } from './finding.ts';
import { rewritten } from './mistakes.ts';

type Message = Parameters<Explainer>[0];

export const explainUnified: Explainer = (message, { keys }, others, now) => {
  // A notice of ours: no key in it, and not to one of our addresses.
  if (headerOf(message, 'x-signature') !== null && routeOf(message.target) === null)
    return explainHmac(message, noticeKeys(keys), now);
  const key = explainKey(message, keys, others);
  if (key.verdict !== 'fits') return key;
  const context = keys.setting('context');
  const asked = /^\/([^/]+)\/pay\//.exec(message.target)?.[1] ?? '';
  if (context !== null && context !== asked)
    return finding('differs', {
      mistake: `the path begins with /${asked}, this key is for /${context}`,
      advice: [`Send to /${context}/pay/….`],
    });
  return headerOf(message, 'x-signature') === null && keys.setting('hmac') !== 'required'
    ? key
    : explainHmac(message, keys.secrets('hmacKey'), now);
};

/** The header is `<key id>.<secret>`; the secret is not shown, whoever's it is. */
function explainKey(message: Message, keys: Keys, others: readonly KnownParty[]): Finding {
  const text = headerOf(message, 'x-api-key');
  const expected = `${keys.sender}.***`;
  if (text === null)
    return finding('missing', { expected, advice: ['Send x-api-key: <key id>.<secret>, exactly once.'] });
  const at = text.indexOf('.');
  const [keyId, secret] = at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
  const about = { expected, received: at < 0 ? '***' : `${keyId}.***` };
  if (isSecretOf(keys, secret) && keyId === keys.sender)
    return finding('fits', { ...about, advice: ['The key fits.'] });
  return finding('differs', {
    ...about,
    mistake: keyMistake(keyId, secret, keys, others),
    advice: ['Copy the header whole from the credential.'],
  });
}

function keyMistake(keyId: string, secret: string, keys: Keys, others: readonly KnownParty[]): string | null {
  if (keyId === '')
    return isSecretOf(keys, secret)
      ? 'the secret alone was sent, without its key id'
      : 'there is no dot between key id and secret';
  if (isSecretOf(keys, secret)) return 'the secret is right, the key id is not its own';
  if (isSecretOf(keys, secret.trim())) return 'blanks or a newline stand around the secret';
  if (isSecretOf(keys, secret.replaceAll(/^["']|["']$/g, ''))) return 'quotes stand around the secret';
  const stranger = others.find((other) => isSecretOf(other.keys, secret));
  return stranger ? `the secret is that of ${stranger.label}` : null;
}

const windowS = 300;

function explainHmac(message: Message, known: readonly string[], now: number): Finding {
  const { method, target, body } = message;
  const [hmacKey] = known;
  const stamp = headerOf(message, 'x-timestamp');
  const received = headerOf(message, 'x-signature');
  if (hmacKey === undefined)
    return finding('differs', { received, advice: ['This credential has no hmacKey: leave x-signature away.'] });
  const right = hmacText(stamp ?? '', method, target, body);
  const about = { signedText: right.toString('utf8'), expected: hmacHex(hmacKey, right), received };
  if (stamp === null || received === null)
    return finding('missing', {
      ...about,
      advice: ['Send x-timestamp (seconds, ten digits) and x-signature, each once.'],
    });
  if (!/^[0-9]{10}$/.test(stamp))
    return finding('differs', {
      ...about,
      mistake: 'x-timestamp is not seconds',
      advice: ['Ten digits: seconds since 1970, not milliseconds.'],
    });
  if (sameText(about.expected, received)) {
    const off = Math.abs(now / 1000 - Number(stamp));
    return off > windowS
      ? finding('differs', {
          ...about,
          mistake: `the clock is ${Math.round(off)} seconds off`,
          advice: [`At most ${windowS} seconds are accepted.`],
        })
      : finding('fits', { ...about, advice: ['Key and signature fit.'] });
  }
  return finding('differs', {
    ...about,
    mistake: hmacMistake(message, stamp, received, hmacKey),
    advice: ['HMAC-SHA256 over seconds.METHOD.path.body, lower-case hex.'],
  });
}

function hmacMistake({ method, target, body }: Message, stamp: string, received: string, key: string): string | null {
  const [path = ''] = target.split('?', 1);
  const tries: readonly (readonly [string, Uint8Array])[] = [
    ['the signature was written in upper case', hmacText(stamp, method, target, body)],
    ['the path was signed without its query', hmacText(stamp, method, path, body)],
    ['the method was signed in lower case', hmacText(stamp, method.toLowerCase(), target, body)],
    ['the body alone was signed', body],
    ['time stamp and body alone were signed', Buffer.concat([Buffer.from(`${stamp}.`), body])],
    ...rewritten(body).map(
      ({ words, text }) => [`${words} was signed`, hmacText(stamp, method, target, Buffer.from(text))] as const,
    ),
  ];
  return tries.find(([, text]) => hmacHex(key, text) === received.toLowerCase())?.[0] ?? null;
}
