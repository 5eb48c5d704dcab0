/** fufu: `sign=<md5>:<13 digits>` in the URL's query; MD5 over time stamp, key and body without blanks and line breaks. */
import type { Mistake } from '../core/mistakes.ts';
import { digestOf, parseSign, type Sign, signIn, stripped, verifies } from '../protocols/fufu/signing.ts';
import { elsewhere, type Explainer, finding, ofOther, say } from './finding.ts';
import { bodyTrials, mistakesIn, shownText, type Trial } from './mistakes.ts';

const rule = say('rule-stamp-key-body');

export const explainFufu: Explainer = (message, { keys }, others, moment) => {
  const { target, body } = message;
  const own = keys.secrets('key');
  const received = signIn(target);
  const { sign, mistakes: forms } = readSign(received ?? '');
  const timestamp = sign?.timestamp ?? '<time stamp>';
  const right: Trial = { mistake: null, before: timestamp, after: stripped(body) };
  const expected = `${digestOf(timestamp, own[0] ?? '', body)}:${timestamp}`;
  const about = { signedText: shownText(right), expected, received };
  if (received === null || received === '') {
    const mistakes = elsewhere(message, 'sign=', /^(?:x-)?sign(?:ature)?$/i);
    return finding('missing', { ...about, mistakes, advice: [rule] });
  }
  const isRight = sign !== null && verifies(sign, body, own);
  if (isRight && forms.length === 0) {
    const clock = clockOff(Number(timestamp), Number(keys.setting('signWindowS') ?? '0'), moment.now);
    return clock === null
      ? finding('fits', { ...about, advice: [say('fits')] })
      : finding('differs', { ...about, mistakes: [clock] });
  }
  const stranger = sign && others.find((other) => verifies(sign, body, other.keys.secrets('key')));
  const digest = sign?.digest ?? received.split(':', 1)[0] ?? '';
  const found = isRight
    ? null
    : stranger
      ? { mistakes: [ofOther(stranger)], theirText: null }
      : mistakesIn(digest, right, trials(timestamp, body), own, moment);
  return finding('differs', { ...about, ...found, mistakes: [...forms, ...(found?.mistakes ?? [])], advice: [rule] });
};

/** What stands in the query, the ways in which it is written wrongly put right. */
function readSign(text: string): { readonly sign: Sign | null; readonly mistakes: readonly Mistake[] } {
  const good = parseSign(text);
  if (good) return { sign: good, mistakes: [] };
  const bare = text.replaceAll(/^\{|\}$/g, '');
  const braces: readonly Mistake[] = bare === text ? [] : [{ key: 'sign-braces' }];
  const [, digest = '', timestamp = ''] = /^([0-9a-zA-Z+/=]{16,128}):([0-9]{10,17})$/.exec(bare) ?? [];
  if (digest !== '') {
    const seconds: readonly Mistake[] = timestamp.length === 13 ? [] : [{ key: 'stamp-seconds' }];
    return { sign: { digest, timestamp }, mistakes: [...braces, ...seconds] };
  }
  const [, first = '', second = ''] = /^([0-9]{10,17}):([0-9a-fA-F]{32})$/.exec(bare) ?? [];
  if (second !== '')
    return { sign: { digest: second.toLowerCase(), timestamp: first }, mistakes: [...braces, { key: 'sign-order' }] };
  return { sign: null, mistakes: /^[0-9a-fA-F]{32}$/.test(bare) ? [...braces, { key: 'sign-no-stamp' }] : braces };
}

/** Null: in time, or nobody asks for the time. */
function clockOff(timestamp: number, windowS: number, now: number): Mistake | null {
  const offS = Math.round(Math.abs(now - timestamp) / 1000);
  return windowS > 0 && offS > windowS
    ? { key: 'clock-off', fill: { seconds: String(offS), most: String(windowS) } }
    : null;
}

function without(body: Uint8Array, which: RegExp): Buffer {
  return Buffer.from(Buffer.from(body).toString('latin1').replaceAll(which, ''), 'latin1');
}

/** What people hash instead. */
function trials(timestamp: string, body: Uint8Array): readonly Trial[] {
  const plain = stripped(body);
  const both = Buffer.concat([Buffer.from(timestamp), plain]);
  return [
    { mistake: { key: 'blanks-kept' }, before: timestamp, after: body },
    { mistake: { key: 'only-blanks-stripped' }, before: timestamp, after: without(body, / /g) },
    { mistake: { key: 'only-breaks-stripped' }, before: timestamp, after: without(body, /[\r\n]/g) },
    { mistake: { key: 'key-forgotten' }, before: timestamp, after: plain, withKey: false },
    { mistake: { key: 'stamp-forgotten' }, before: '', after: plain },
    { mistake: { key: 'stamp-behind-key' }, before: '', after: both },
    { mistake: { key: 'key-behind' }, before: both },
    { mistake: { key: 'stamp-seconds-hashed' }, before: timestamp.slice(0, 10), after: plain },
    { mistake: { key: 'text-empty', fill: { part: 'body' } }, before: timestamp },
    {
      mistake: { key: 'plus-between' },
      before: `${timestamp}+`,
      after: Buffer.concat([Buffer.from('+'), plain]),
    },
    ...bodyTrials(body, (text, mistake) => ({ mistake, before: timestamp, after: stripped(text) })),
  ];
}
