/** Usual mistakes of hashed signatures, as data: what was hashed instead, and with which digest. */
import { createHash, createHmac } from 'node:crypto';

/** What stood around the key when it was hashed. `withKey: false` = the key was forgotten. */
export interface Trial {
  /** In words that end "…": 'the body without its last newline was signed'. */
  readonly mistake: string;
  readonly before: Uint8Array | string;
  readonly after?: Uint8Array | string;
  readonly withKey?: false;
}

type Digest = (text: Uint8Array, key: string) => string;

function md5(text: Uint8Array): string {
  return createHash('md5').update(text).digest('hex');
}

/** Digests that are taken for MD5(text + key), each with the words for it; MD5 itself first. */
const digests: readonly { readonly words: string; readonly of: Digest }[] = [
  { words: '', of: (text) => md5(text) },
  { words: ' (and the digest was written in Base64)', of: (text) => createHash('md5').update(text).digest('base64') },
  { words: ' (and hashed with SHA-256 instead of MD5)', of: (text) => createHash('sha256').update(text).digest('hex') },
  { words: ' (and hashed with SHA-1 instead of MD5)', of: (text) => createHash('sha1').update(text).digest('hex') },
  { words: ' (and hashed twice)', of: (text) => md5(Buffer.from(md5(text))) },
];

function bytesOf(trial: Trial, key: string): Buffer {
  return Buffer.concat([
    Buffer.from(trial.before),
    Buffer.from(trial.withKey === false ? '' : key),
    Buffer.from(trial.after ?? ''),
  ]);
}

/** The text of a trial with the key as ***. */
export function shownText(trial: Trial): string {
  const key = trial.withKey === false ? '' : '***';
  return `${Buffer.from(trial.before).toString('utf8')}${key}${Buffer.from(trial.after ?? '').toString('utf8')}`;
}

/** The first mistake that yields what was received, in whatever letter case; null when none does. */
export function mistakeIn(received: string, trials: readonly Trial[], keys: readonly string[]): string | null {
  const wanted = received.trim().toLowerCase();
  for (const key of keys)
    for (const trial of trials) {
      const text = bytesOf(trial, key);
      const digest = digests.find(({ of }) => of(text, key).toLowerCase() === wanted);
      if (digest) return trial.mistake + digest.words;
      const hmac = createHmac('md5', key).update(Buffer.from(trial.before)).digest('hex');
      if (hmac === wanted) return `${trial.mistake}, with HMAC-MD5 instead of MD5(text + key)`;
    }
  return null;
}

/** The key itself mangled: blanks, a newline, letter case. */
export function keyMistake(received: string, right: Trial, keys: readonly string[]): string | null {
  const wanted = received.trim().toLowerCase();
  for (const key of keys)
    for (const [words, mangled] of [
      ['a newline stood behind the key', `${key}\n`],
      ['a carriage return and newline stood behind the key', `${key}\r\n`],
      ['a blank stood behind the key', `${key} `],
      ['the key was written in upper case', key.toUpperCase()],
      ['the key was written in lower case', key.toLowerCase()],
    ] as const)
      if (mangled !== key && md5(bytesOf(right, mangled)) === wanted) return words;
  return null;
}

/** JSON bodies written anew by somebody's library before or after signing: each with its words. */
export function rewritten(body: Uint8Array): { readonly words: string; readonly text: string }[] {
  const text = Buffer.from(body).toString('utf8');
  const edges = [
    { words: 'the body without the blanks or newline around it', text: text.trim() },
    { words: 'the body with a newline behind it', text: `${text}\n` },
    { words: 'the body with a carriage return and newline behind it', text: `${text}\r\n` },
    { words: 'the body with Unix line ends', text: text.replaceAll('\r\n', '\n') },
    { words: 'the body with a byte order mark before it', text: `\ufeff${text}` },
  ];
  const value = parsed(text);
  if (value === undefined) return edges.filter((one) => one.text !== text);
  const forms = [
    { words: 'the body written anew without blanks', text: JSON.stringify(value) },
    { words: 'the body written anew with sorted members', text: JSON.stringify(sorted(value)) },
    { words: 'the body written anew with blanks, as Python does', text: spaced(value) },
    { words: 'the body written anew with sorted members and blanks', text: spaced(sorted(value)) },
    { words: 'the body written anew with two blanks of indent', text: JSON.stringify(value, null, 2) },
    { words: 'the body written anew with four blanks of indent', text: JSON.stringify(value, null, 4) },
    { words: 'the body with escaped slashes, as PHP does', text: JSON.stringify(value).replaceAll('/', '\\/') },
    { words: 'the body with non-ASCII characters escaped', text: escaped(JSON.stringify(value)) },
    { words: 'the body with non-ASCII characters escaped and blanks, as Python does', text: escaped(spaced(value)) },
    ...joinedForms(value),
  ];
  return [...edges, ...forms].filter((one) => one.text !== text);
}

/** Undefined when it is no JSON, or nested so deep that writing it with indents would fill the memory. */
function parsed(text: string): unknown {
  const deepest = 64;
  let depth = 0;
  for (const char of text) {
    if (char === '{' || char === '[') depth += 1;
    if (char === '}' || char === ']') depth -= 1;
    if (depth > deepest) return undefined;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Members as `name=value` pairs: what other platforms sign. */
function joinedForms(value: unknown): { words: string; text: string }[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const pairs = Object.entries(value).filter(([, member]) => typeof member !== 'object');
  const text = (list: readonly (readonly [string, unknown])[]) =>
    list.map(([name, v]) => `${name}=${String(v)}`).join('&');
  const inOrder = pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    { words: 'sorted name=value pairs instead of the body', text: text(inOrder) },
    { words: 'sorted name=value pairs with &key= instead of the body', text: `${text(inOrder)}&key=` },
    {
      words: 'sorted name=value pairs without empty ones instead of the body',
      text: text(inOrder.filter(([, v]) => v !== '')),
    },
    { words: 'name=value pairs instead of the body', text: text(pairs) },
  ];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}: ${spaced(member)}`)
    .join(', ')}}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
