/** fufu: `sign=<md5>:<13 digits>` in the URL's query; MD5 over time stamp, key and body without blanks and line breaks. */
import { digestOf, parseSign, signIn, stripped, verifies } from '../protocols/fufu/signing.ts';
import { type Explainer, finding } from './finding.ts';
import { keyMistake, mistakeIn, rewritten, shownText, type Trial } from './mistakes.ts';

export const explainFufu: Explainer = ({ target, body }, { keys }, others) => {
  const own = keys.secrets('key');
  const received = signIn(target);
  const sign = parseSign(received ?? '');
  const timestamp = sign?.timestamp ?? /:([0-9]+)$/.exec(received ?? '')?.[1] ?? '<time stamp>';
  const right: Trial = { mistake: '', before: timestamp, after: stripped(body) };
  const expected = `${digestOf(timestamp, own[0] ?? '', body)}:${timestamp}`;
  const about = { signedText: shownText(right), expected, received };
  if (received === null || received === '')
    return finding('missing', { ...about, advice: ['Put sign=<md5>:<milliseconds> once into the query of the URL.'] });
  if (sign && verifies(sign, body, own)) return finding('fits', { ...about, advice: ['The signature fits.'] });
  const stranger = sign && others.find((other) => verifies(sign, body, other.keys.secrets('key')));
  const digest = received.split(':', 1)[0] ?? '';
  const mistake = stranger
    ? `signed with the key of ${stranger.label}`
    : (mistakeIn(digest, trials(timestamp, body), own) ?? keyMistake(digest, right, own));
  return finding('differs', { ...about, mistake, advice: advice(sign !== null, timestamp) });
};

/** What people hash instead. */
function trials(timestamp: string, body: Uint8Array): Trial[] {
  const plain = stripped(body);
  return [
    { mistake: 'the body was hashed with its blanks and line breaks', before: timestamp, after: body },
    { mistake: 'the key was forgotten', before: timestamp, after: plain, withKey: false },
    { mistake: 'the time stamp was forgotten', before: '', after: plain },
    {
      mistake: 'the key stood before the time stamp',
      before: '',
      after: Buffer.concat([Buffer.from(timestamp), plain]),
    },
    { mistake: 'the key stood behind the body', before: Buffer.concat([Buffer.from(timestamp), plain]) },
    { mistake: 'seconds were hashed, milliseconds sent', before: timestamp.slice(0, 10), after: plain },
    { mistake: 'an empty body was signed', before: timestamp },
    {
      mistake: 'plus signs were put between the parts',
      before: `${timestamp}+`,
      after: Buffer.concat([Buffer.from('+'), plain]),
    },
    ...rewritten(body).map(
      ({ words, text }): Trial => ({
        mistake: `${words} was signed`,
        before: timestamp,
        after: stripped(Buffer.from(text)),
      }),
    ),
  ];
}

function advice(hasForm: boolean, timestamp: string): string[] {
  const form = hasForm ? [] : ['sign must be 32 hex digits, a colon and exactly 13 digits, once, without braces.'];
  const seconds = /^[0-9]{10}$/.test(timestamp) ? ['The time stamp is in milliseconds.'] : [];
  return [
    ...form,
    ...seconds,
    'Write the JSON once; take blanks and line breaks out of a copy of it, hash time stamp, key and that copy; send the JSON as it was.',
  ];
}
