/** unified: a key in `x-api-key`, and optionally HMAC-SHA256 over `seconds.METHOD.path.body`, lower-case hex. */
import { createHmac } from 'node:crypto';
import type { RawMessage } from '../core/inspection.ts';
import type { Mistake } from '../core/mistakes.ts';
import type { Keys } from '../protocols/protocol.ts';
import { sameText } from '../protocols/signing.ts';
import { routeOf } from '../protocols/unified/legs.ts';
import { hmacHex, hmacText, isSecretOf, noticeKeys } from '../protocols/unified/signing.ts';
import {
  elsewhere,
  type Explainer,
  type Finding,
  finding,
  headerOf,
  type KnownParty,
  type Moment,
  say,
} from './finding.ts';
import { joinedPairs, rewritten } from './rewritten.ts';

/** What stands for a secret in a request that was kept, behind its key id. */
const keptSecret = '[redacted]';

export const explainUnified: Explainer = (message, { keys }, others, moment) => {
  const isSigned = headerOf(message, 'x-signature') !== null;
  // A notice of ours: no key in it, and not to one of our addresses.
  if (isSigned && routeOf(message.target) === null && headerOf(message, 'x-api-key') === null)
    return explainHmac(message, keys, noticeKeys(keys), moment);
  const key = explainKey(message, keys, others);
  if (key.verdict !== 'fits') return key;
  const context = keys.setting('context');
  const asked = /^\/([^/]+)\/pay\//.exec(message.target)?.[1] ?? '';
  if (context !== null && context !== asked)
    return finding('differs', { mistakes: [{ key: 'context-other', fill: { asked, context } }] });
  return !isSigned && keys.setting('hmac') !== 'required'
    ? key
    : explainHmac(message, keys, keys.secrets('hmacKey'), moment);
};

/** The header is `<key id>.<secret>`; the secret is not shown, whoever's it is. */
function explainKey(message: RawMessage, keys: Keys, others: readonly KnownParty[]): Finding {
  const given = message.headers.filter(([name]) => name === 'x-api-key');
  const text = headerOf(message, 'x-api-key');
  const expected = `${keys.sender}.***`;
  const advice = [say('rule-header')];
  if (text === null && given.length > 1)
    return finding('differs', { expected, mistakes: [{ key: 'header-twice', fill: { name: 'x-api-key' } }], advice });
  if (text === null || text === '') {
    const mistakes = elsewhere(message, 'x-api-key', /^(?:authorization|(?:x-)?(?:api-?)?(?:key|token))$/i);
    return finding('missing', { expected, mistakes, advice });
  }
  if (text.endsWith(keptSecret))
    return finding('differs', { expected, received: '***', advice: [say('secret-not-kept')] });
  const at = text.indexOf('.');
  const [keyId, secret] = at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
  const about = { expected, received: at < 0 ? '***' : `${keyId.length > 40 ? '***' : keyId}.***` };
  if (isSecretOf(keys, secret) && keyId === keys.sender)
    return finding('fits', { ...about, advice: [say('fits-key')] });
  const mistake = headerMistake(text, keys, others) ?? (at < 0 ? ({ key: 'secret-no-dot' } as const) : null);
  return finding('differs', { ...about, mistakes: mistake === null ? [] : [mistake], advice });
}

/** What is wrong with a whole `x-api-key`. Null: nothing that we know. */
export function headerMistake(text: string, keys: Keys, others: readonly KnownParty[]): Mistake | null {
  const whole = keys.secrets('apiKey').map((secret) => `${keys.sender}.${secret}`);
  const bare = text.trim().replace(/^Bearer\s+/i, '');
  if (bare !== text.trim() && whole.includes(bare)) return { key: 'secret-bearer' };
  if (whole.includes(text.replaceAll(/^[<{]|[>}]$/g, '')) || whole.includes(text.replaceAll(/[<>{}]/g, '')))
    return { key: 'secret-braces' };
  if (whole.includes(text.replaceAll(/["']/g, ''))) return { key: 'secret-quotes' };
  if (whole.includes(text.replaceAll(/\s|\\n/g, ''))) return { key: 'secret-blanks' };
  if (whole.some((one) => one.toLowerCase() === text.toLowerCase())) return { key: 'secret-case' };
  const at = text.indexOf('.');
  const [keyId, secret] = at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
  if (keyId === '' && isSecretOf(keys, secret)) return { key: 'secret-alone' };
  const plain = (one: string) => one.replaceAll(/[-.:_/ ]/g, '');
  if (at < 0 && whole.some((one) => plain(one) === plain(text))) return { key: 'secret-no-dot' };
  if (isSecretOf(keys, secret)) return { key: 'secret-key-id' };
  if (others.some((other) => isSecretOf(other.keys, secret))) return { key: 'secret-of-other' };
  if (keys.secrets('hmacKey').includes(secret)) return { key: 'secret-is-hmac-key' };
  // Enough to tell a copy that was cut off, too much for somebody who guesses.
  const isCut = secret.length >= 16 && whole.some((one) => one.startsWith(text) || one.endsWith(secret));
  return isCut ? { key: 'secret-cut' } : null;
}

const windowS = 300;

function explainHmac(message: RawMessage, keys: Keys, hmacKeys: readonly string[], moment: Moment): Finding {
  const { method, target, body } = message;
  const [hmacKey] = hmacKeys;
  const stamp = headerOf(message, 'x-timestamp');
  const received = headerOf(message, 'x-signature');
  if (hmacKey === undefined) return finding('differs', { received, mistakes: [{ key: 'hmac-not-set-up' }] });
  const right = hmacText(stamp ?? '', method, target, body);
  const about = { signedText: right.toString('utf8'), expected: hmacHex(hmacKey, right), received };
  const advice = [say('rule-hmac')];
  if (stamp === null || received === null) return finding('missing', { ...about, advice });
  if (hmacKeys.some((key) => sameText(hmacHex(key, right), received))) {
    if (!/^[0-9]{10}$/.test(stamp))
      return finding('differs', { ...about, mistakes: [{ key: 'stamp-seconds-wanted' }], advice });
    const off = Math.abs(moment.now / 1000 - Number(stamp));
    const clock: Mistake = { key: 'clock-off', fill: { seconds: String(Math.round(off)), most: String(windowS) } };
    return off > windowS
      ? finding('differs', { ...about, mistakes: [clock] })
      : finding('fits', { ...about, advice: [say('fits-key-and-signature')] });
  }
  const found = hmacMistakes({ message, stamp, keys, moment }, received);
  const millis: readonly Mistake[] = /^[0-9]{10}$/.test(stamp) ? [] : [{ key: 'stamp-seconds-wanted' }];
  const mistakes = [...millis, ...(found?.mistakes ?? [])];
  return finding('differs', { ...about, mistakes, theirText: found?.theirText ?? null, advice });
}

type Try = readonly [mistake: Mistake | null, text: Uint8Array];

/** What people sign instead of `seconds.METHOD.path.body`. */
function tries({ method, target, body, headers }: RawMessage, stamp: string): readonly Try[] {
  const [path = ''] = target.split('?', 1);
  const host = headers.find(([name]) => name === 'host')?.[1] ?? '';
  const text = Buffer.from(body).toString('utf8');
  const glued = (parts: readonly string[], between: string) => Buffer.from(parts.join(between));
  return [
    [null, hmacText(stamp, method, target, body)],
    [{ key: 'stamp-seconds-hashed' }, hmacText(stamp.slice(0, 10), method, target, body)],
    [{ key: 'hmac-path-without-query' }, hmacText(stamp, method, path, body)],
    ...['http', 'https'].map(
      (scheme): Try => [{ key: 'hmac-whole-url' }, hmacText(stamp, method, `${scheme}://${host}${target}`, body)],
    ),
    [{ key: 'hmac-method-lower' }, hmacText(stamp, method.toLowerCase(), target, body)],
    [{ key: 'hmac-body-alone' }, body],
    [{ key: 'hmac-without-method' }, glued([stamp, text], '.')],
    [{ key: 'hmac-without-method' }, glued([stamp, target, text], '.')],
    [{ key: 'hmac-lines' }, glued([stamp, method, target, text], '\n')],
    [{ key: 'hmac-glued' }, glued([stamp, method, target, text], '')],
    ...[...rewritten(body, 'body'), ...joinedPairs(body)].map(
      ({ mistake, text: written }): Try => [mistake, hmacText(stamp, method, target, written)],
    ),
  ];
}

interface Signed {
  readonly message: RawMessage;
  readonly stamp: string;
  readonly keys: Keys;
  readonly moment: Moment;
}

function hmacMistakes(
  { message, stamp, keys, moment }: Signed,
  received: string,
): Pick<Finding, 'mistakes' | 'theirText'> | null {
  const wanted = received.trim();
  for (const [keyMistake, key] of hmacKeysOf(keys))
    for (const [mistake, text] of tries(message, stamp)) {
      if (moment.isOver()) return null;
      const written = writings(key, text).find(([, signature]) => signature === wanted);
      if (!written) continue;
      const mistakes = [mistake, keyMistake, written[0]].filter((one) => one !== null);
      return { mistakes, theirText: mistake === null ? null : Buffer.from(text).toString('utf8') };
    }
  return null;
}

function hmacKeysOf(keys: Keys): readonly (readonly [Mistake | null, string | Buffer])[] {
  return [
    ...keys.secrets('hmacKey').map((key) => [null, key] as const),
    ...keys.secrets('apiKey').map((key) => [{ key: 'hmac-with-api-key' }, key] as const),
    ...keys
      .secrets('hmacKey')
      .flatMap((key) => [
        [{ key: 'key-newline' }, `${key}\n`] as const,
        [{ key: 'key-decoded', fill: { form: 'Base64' } }, Buffer.from(key, 'base64')] as const,
      ]),
  ];
}

function writings(key: string | Buffer, text: Uint8Array): readonly (readonly [Mistake | null, string])[] {
  const by = (digest: string) => createHmac(digest, key).update(text).digest();
  const hex = by('sha256').toString('hex');
  const other = (digest: string, name: string) =>
    [{ key: 'hmac', fill: { digest: name, right: 'HMAC-SHA256' } }, by(digest).toString('hex')] as const;
  return [
    [null, hex],
    [{ key: 'digest-upper' }, hex.toUpperCase()],
    [{ key: 'digest-base64' }, by('sha256').toString('base64')],
    other('sha1', 'HMAC-SHA1'),
    other('sha512', 'HMAC-SHA512'),
    other('md5', 'HMAC-MD5'),
  ];
}
