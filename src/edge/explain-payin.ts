/** payin: `Sign = MD5(body bytes + apiKey)`, 32 hex digits in any letter case. */
import { md5Hex } from '../protocols/signing.ts';
import { signOf, verifies } from '../protocols/payin/signing.ts';
import { type Explainer, finding, headerOf } from './finding.ts';
import { keyMistake, mistakeIn, rewritten, shownText, type Trial } from './mistakes.ts';

export const explainPayin: Explainer = (message, { keys }, others) => {
  const { body } = message;
  const apiKeys = keys.secrets('apiKey');
  const right: Trial = { mistake: '', before: body };
  const received = headerOf(message, 'sign');
  const about = { signedText: shownText(right), expected: signOf(body, apiKeys[0] ?? ''), received };
  if (received === null || received === '')
    return finding('missing', { ...about, advice: ['Send the signature in the header Sign.'] });
  if (verifies(received, body, apiKeys)) return finding('fits', { ...about, advice: fitting(message) });
  const stranger = others.find((other) => verifies(received, body, other.keys.secrets('apiKey')));
  const mistake = stranger
    ? `signed with the key of ${stranger.label}`
    : (mistakeIn(received, trials(body), apiKeys) ?? keyMistake(received, right, apiKeys));
  return finding('differs', { ...about, mistake, advice: advice(received) });
};

function trials(body: Uint8Array): Trial[] {
  return [
    { mistake: 'the key was forgotten', before: body, withKey: false },
    { mistake: 'the key stood before the body', before: '', after: body },
    { mistake: 'the text &key= was put between body and key', before: Buffer.concat([body, Buffer.from('&key=')]) },
    { mistake: 'a newline was put between body and key', before: Buffer.concat([body, Buffer.from('\n')]) },
    { mistake: 'an empty body was signed', before: '' },
    { mistake: 'the body as it travels was signed', before: body },
    ...rewritten(body).map(({ words, text }) => ({ mistake: `${words} was signed`, before: text })),
  ];
}

function fitting(message: Parameters<Explainer>[0]): string[] {
  const named = /"merchantId"\s*:\s*"?([0-9]+)/.exec(Buffer.from(message.body).toString('utf8'))?.[1];
  const header = headerOf(message, 'merchantid');
  return named !== undefined && header !== null && named !== header
    ? [`The signature fits, but the body says merchantId ${named} and the header ${header}: they must be the same.`]
    : ['The signature fits.'];
}

function advice(received: string): string[] {
  const shape = /^[0-9a-fA-F]{32}$/.test(received) ? [] : ['Sign must be exactly 32 hex digits.'];
  const empty = received.toLowerCase() === md5Hex('') ? ['This is the MD5 of nothing at all.'] : [];
  return [
    ...shape,
    ...empty,
    'Sign the very bytes that are sent: write the JSON once, hash those bytes with the key behind them, send those bytes.',
  ];
}
