/** bluepay: MD5 over parts of the query as they stand in the URL, with the product key behind them; `encrypt` holds it. */
import type { Keys } from '../protocols/protocol.ts';
import { callbackText, isSignedBy, queryText, splitQuery, transferText } from '../protocols/bluepay/signing.ts';
import { md5Hex } from '../protocols/signing.ts';
import { type Explainer, finding } from './finding.ts';
import { keyMistake, mistakeIn, shownText, type Trial } from './mistakes.ts';

type Members = readonly (readonly [string, string])[];

export const explainBluepay: Explainer = (message, { keys }, others) => {
  const path = message.target.split('?', 1)[0] ?? '';
  const members = membersOf(message.target);
  if (members === null)
    return finding('differs', { advice: ['The query is not name=value, or names a member twice.'] });
  if (/\/(?:offline\.php|gather\/mo)$/.test(path))
    return finding('unsigned', { advice: ['BluePay documents no signature for creating a VA or store code.'] });
  const text = textOf(path, members, keys);
  const right: Trial = { mistake: '', before: text };
  const received = valueOf(members, 'encrypt');
  const [key = ''] = keys.secrets('key');
  const about = {
    signedText: shownText(right),
    expected: md5Hex(text, key),
    received: received === '' ? null : received,
  };
  if (received === '')
    return finding('missing', { ...about, advice: ['Add encrypt as the last member of the query.'] });
  if (isSignedBy(keys, text, received)) return finding('fits', { ...about, advice: ['The signature fits.'] });
  if (isSignedBy(keys, text, received.toLowerCase()))
    return finding('differs', {
      ...about,
      mistake: 'encrypt was written in upper case',
      advice: ['Write the hex digits in lower case.'],
    });
  const stranger = others.find((other) => isSignedBy(other.keys, text, received.toLowerCase()));
  const mistake = stranger
    ? `signed with the key of ${stranger.label}`
    : (mistakeIn(received, trials(members, text), keys.secrets('key')) ??
      keyMistake(received, right, keys.secrets('key')));
  return finding('differs', {
    ...about,
    mistake,
    advice: [
      'Sign the members in the order in which they stand in the URL, up to encrypt, with the key directly behind.',
    ],
  });
};

function membersOf(target: string): Members | null {
  const at = target.indexOf('?');
  try {
    return splitQuery(at < 0 ? '' : target.slice(at + 1));
  } catch {
    return null;
  }
}

function valueOf(members: Members, name: string): string {
  return members.find(([other]) => other === name)?.[1] ?? '';
}

/** Which text is signed depends on the endpoint; what is none of them is a callback. */
function textOf(path: string, members: Members, keys: Keys): string {
  const value = (name: string) => decoded(valueOf(members, name));
  if (path.endsWith('/transferBalance')) return transferText(value('productId'), valueOf(members, 'data'));
  if (/\/query(?:Transfer|TransDetail)$/.test(path))
    return queryText(keys, value('operatorId'), value('productid'), value('t_id'));
  return callbackText(beforeEncrypt(members));
}

function beforeEncrypt(members: Members): Members {
  const at = members.findIndex(([name]) => name === 'encrypt');
  return at < 0 ? members : members.slice(0, at);
}

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    return raw;
  }
}

function joined(members: Members, value: (raw: string) => string): string {
  return members.map(([name, raw]) => `${name}=${value(raw)}`).join('&');
}

function trials(members: Members, right: string): Trial[] {
  const signed = beforeEncrypt(members);
  const sorted = signed.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const raw = (text: string) => text;
  return [
    { mistake: 'the key was forgotten', before: right, withKey: false },
    { mistake: 'the key stood before the text', before: '', after: right },
    { mistake: 'the text &key= was put between members and key', before: `${right}&key=` },
    { mistake: 'the members were signed as they should be', before: right },
    { mistake: 'the members were signed in sorted order', before: joined(sorted, raw) },
    { mistake: 'the decoded values were signed in sorted order', before: joined(sorted, decoded) },
    { mistake: 'the decoded values were signed', before: joined(signed, decoded) },
    { mistake: 'the values were signed as they stand in the URL, operator too', before: joined(signed, raw) },
    { mistake: 'the values alone were signed, without their names', before: signed.map(([, value]) => value).join('') },
    {
      mistake: 'members behind encrypt were signed as well',
      before: joined(
        members.filter(([name]) => name !== 'encrypt'),
        raw,
      ),
    },
  ];
}
