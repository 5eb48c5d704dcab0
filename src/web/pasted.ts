/**
 * A request as people have it at hand: a curl command, a raw HTTP request, headers and body, or the body alone. Works on text in which
 * each character is a byte (latin1), so that the body stays what it was.
 */
import { Refusal } from '../core/refusal.ts';
import { shellWords } from './shell-words.ts';

export interface Pasted {
  readonly method: string;
  /** Path with query; '/' when nobody says. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

type Headers = Pasted['headers'];

const requestLine = /^(GET|POST|PUT|PATCH|DELETE|HEAD) (\S+)(?: HTTP\/[\d.]+)?\r?\n?/;
const headerLine = /^[A-Za-z][A-Za-z0-9-]{0,60}:[ \t]?.*$/;

/** Throws Refusal `invalid-request` for a curl command that cannot be read. */
export function readPasted(bytes: Uint8Array): Pasted {
  const text = Buffer.from(bytes).toString('latin1');
  if (/^\s*(?:\$ +)?curl(?:\.exe)?\s/.test(text)) return readCurl(text);
  const first = requestLine.exec(text);
  if (first) {
    const { headers, body } = headAndBody(text.slice(first[0].length));
    return { method: first[1] ?? 'POST', target: pathOf(first[2] ?? '/'), headers, body };
  }
  const isHeaded = headerLine.test(text.split(/\r?\n/, 1)[0] ?? '');
  const { headers, body } = isHeaded ? headAndBody(text) : { headers: [], body: Buffer.from(text, 'latin1') };
  return { method: 'POST', target: '/', headers: withType(headers, body), body };
}

function headAndBody(text: string): { readonly headers: Headers; readonly body: Buffer } {
  const blank = /^\r?\n|\r?\n\r?\n/.exec(text);
  const head = text.slice(0, blank?.index ?? text.length);
  const body = blank ? text.slice(blank.index + blank[0].length) : '';
  const lines = head.split(/\r?\n/).filter((line) => line !== '');
  return { headers: lines.map(headerIn).filter((one) => one !== null), body: Buffer.from(body, 'latin1') };
}

function headerIn(line: string): readonly [string, string] | null {
  const at = line.indexOf(':');
  return at < 1 ? null : [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
}

function pathOf(url: string): string {
  return /^https?:\/\//i.test(url) ? url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/^(?!\/)/, '/') : url;
}

/** A body that comes alone has no type: it is taken for what it looks like. */
function withType(headers: Headers, body: Buffer): Headers {
  if (headers.some(([name]) => name === 'content-type')) return headers;
  const isJson = /^\s*[[{]/.test(body.toString('latin1'));
  return [...headers, ['content-type', isJson ? 'application/json' : 'application/x-www-form-urlencoded']];
}

// ── curl ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Options whose value is none of our business. */
const ignoredWithValue = new Set(
  '-u --user -A --user-agent -e --referer -b --cookie -c --cookie-jar -o --output -m --max-time --connect-timeout -x --proxy --cacert --cert --key -w --write-out --retry --resolve -E -T --upload-file -D --dump-header'.split(
    ' ',
  ),
);

interface Command {
  method: string | null;
  url: string | null;
  isGet: boolean;
  readonly headers: (readonly [string, string])[];
  readonly data: string[];
}

type Take = (command: Command, value: string) => void;

const method: Take = (command, value) => {
  command.method = value.toUpperCase();
};
const header: Take = ({ headers }, value) => {
  const found = headerIn(value);
  if (found) headers.push(found);
};
const data: Take = (command, value) => {
  if (value.startsWith('@'))
    throw new Refusal('invalid-request', {
      field: 'request',
      text: `the body is in a file (${value}): paste it instead`,
    });
  command.data.push(value);
};
const options: Readonly<Record<string, Take>> = {
  '-X': method,
  '--request': method,
  '-H': header,
  '--header': header,
  '-d': data,
  '--data': data,
  '--data-ascii': data,
  '--data-binary': data,
  '--data-raw': (command, value) => command.data.push(value),
  '--data-urlencode': (command, value) => command.data.push(encodedData(value)),
  '--json': (command, value) => {
    data(command, value);
    command.headers.push(['content-type', 'application/json']);
  },
  '--url': (command, value) => {
    command.url = value;
  },
};

function readCurl(text: string): Pasted {
  const command: Command = { method: null, url: null, isGet: false, headers: [], data: [] };
  const words = shellWords(text.trim().replace(/^\$ +/, '')).slice(1);
  while (words.length > 0) takeWord(command, words.shift() ?? '', words);
  const { url, isGet } = command;
  if (url === null)
    throw new Refusal('invalid-request', { field: 'request', text: 'the curl command names no address' });
  const sent = command.data.join('&');
  const path = pathOf(/^[a-z]+:\/\//i.test(url) ? url : `http://${url}`);
  const target = isGet && sent !== '' ? `${path}${path.includes('?') ? '&' : '?'}${sent}` : path;
  const body = Buffer.from(isGet ? '' : sent, 'latin1');
  const form: Headers = [['content-type', 'application/x-www-form-urlencoded']];
  const isTyped = body.length === 0 || command.headers.some(([name]) => name === 'content-type');
  return {
    method: command.method ?? (body.length > 0 ? 'POST' : 'GET'),
    target,
    headers: isTyped ? command.headers : [...command.headers, ...form],
    body,
  };
}

/** One word, and the one behind it where it wants a value. */
function takeWord(command: Command, word: string, rest: string[]): void {
  if (!word.startsWith('-') || word === '-') {
    command.url ??= word;
    return;
  }
  if (word === '-G' || word === '--get') command.isGet = true;
  else if (word.startsWith('--')) takeLong(command, word, rest);
  else takeShort(command, word.slice(1), rest);
}

function takeLong(command: Command, word: string, rest: string[]): void {
  const at = word.indexOf('=');
  const name = at < 0 ? word : word.slice(0, at);
  const wants = Object.hasOwn(options, name) || ignoredWithValue.has(name);
  if (!wants) return;
  const value = at < 0 ? (rest.shift() ?? '') : word.slice(at + 1);
  options[name]?.(command, value);
}

/** `-sSXPOST` are four options, the last with its value. */
function takeShort(command: Command, letters: string, rest: string[]): void {
  for (const [index, letter] of Array.from(letters).entries()) {
    const name = `-${letter}`;
    if (name === '-G') command.isGet = true;
    if (name === '-F')
      throw new Refusal('invalid-request', {
        field: 'request',
        text: 'curl -F sends multipart, which no protocol here takes',
      });
    if (!Object.hasOwn(options, name) && !ignoredWithValue.has(name)) continue;
    const own = letters.slice(index + 1);
    const value = own === '' ? (rest.shift() ?? '') : own;
    options[name]?.(command, value);
    return;
  }
}

/** As curl does it: `name=value`, `=value` or the value alone. */
function encodedData(text: string): string {
  const at = text.indexOf('=');
  const name = at > 0 ? `${text.slice(0, at)}=` : '';
  const value = at < 0 ? text : text.slice(at + 1);
  return (
    name +
    value.replaceAll(
      /[^A-Za-z0-9._~-]/g,
      (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
    )
  );
}
