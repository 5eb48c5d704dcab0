/** payin: `Sign = MD5(body bytes + apiKey)`, 32 hex digits in any letter case. */
import { md5Hex } from '../protocols/signing.ts';
import { signOf, verifies } from '../protocols/payin/signing.ts';
import { elsewhere, type Explainer, finding, headerOf, ofOther, say } from './finding.ts';
import { bodyTrials, mistakesIn, shownText, type Trial } from './mistakes.ts';

const rule = say('rule-body-and-key');

export const explainPayin: Explainer = (message, { keys }, others, moment) => {
  const { body } = message;
  const apiKeys = keys.secrets('apiKey');
  const right: Trial = { mistake: null, before: body };
  const received = headerOf(message, 'sign');
  const about = { signedText: shownText(right), expected: signOf(body, apiKeys[0] ?? ''), received };
  if (received === null || received === '') {
    const mistakes = elsewhere(message, 'Sign', /^(?:x-)?sign(?:ature)?$/i);
    return finding('missing', { ...about, mistakes, advice: [rule] });
  }
  if (verifies(received, body, apiKeys)) return finding('fits', { ...about, advice: fitting(message) });
  const stranger = others.find((other) => verifies(received, body, other.keys.secrets('apiKey')));
  const found = stranger
    ? { mistakes: [ofOther(stranger)] }
    : mistakesIn(received, right, trials(body), apiKeys, moment);
  const empty = received.toLowerCase() === md5Hex('') ? [say('empty-hash')] : [];
  return finding('differs', { ...about, ...found, advice: [...empty, rule] });
};

function trials(body: Uint8Array): readonly Trial[] {
  return [
    { mistake: { key: 'key-forgotten' }, before: body, withKey: false },
    { mistake: { key: 'key-before' }, before: '', after: body },
    { mistake: { key: 'key-as-member' }, before: Buffer.concat([body, Buffer.from('&key=')]) },
    { mistake: { key: 'key-as-member' }, before: Buffer.concat([body, Buffer.from('key=')]) },
    { mistake: { key: 'key-newline-between' }, before: Buffer.concat([body, Buffer.from('\n')]) },
    { mistake: { key: 'text-empty', fill: { part: 'body' } }, before: '' },
    ...bodyTrials(body, (before, mistake) => ({ mistake, before })),
  ];
}

function fitting(message: Parameters<Explainer>[0]) {
  const named = /"merchantId"\s*:\s*"?([0-9]+)/.exec(Buffer.from(message.body).toString('utf8'))?.[1];
  const header = headerOf(message, 'merchantid');
  return named !== undefined && header !== null && named !== header
    ? [say('merchant-differs', { body: named, header })]
    : [say('fits')];
}
