/** The words of a command line as a shell reads them: quotes, escapes, continued lines. Nothing is expanded and nothing is run. */
import { Refusal } from '../core/refusal.ts';

const named: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
};

/** What stands between quotes that begin at `from`, as bytes in latin1, and where it ends. Null: it does not end. */
type Quoted = { readonly text: string; readonly end: number } | null;

/** Throws Refusal `invalid-request` when a quote is left open. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    const opened = quotedAt(line, at);
    if (opened !== undefined) {
      if (opened === null)
        throw new Refusal('invalid-request', { field: 'request', text: 'a quote of the curl command is left open' });
      word = (word ?? '') + opened.text;
      at = opened.end;
    } else if (char === '\\') {
      const next = line.slice(at + 1, at + 3) === '\r\n' ? '\r\n' : (line[at + 1] ?? '');
      at += next.length;
      // A continued line is nothing at all.
      if (next !== '\n' && next !== '\r\n') word = (word ?? '') + next;
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  return word === null ? words : [...words, word];
}

/** Undefined: no quote begins here. */
function quotedAt(line: string, at: number): Quoted | undefined {
  if (line[at] === "'") return single(line, at + 1);
  if (line[at] === '"') return double(line, at + 1);
  return line.startsWith("$'", at) ? escaped(line, at + 2) : undefined;
}

function single(line: string, from: number): Quoted {
  const end = line.indexOf("'", from);
  return end < 0 ? null : { text: line.slice(from, end), end };
}

function double(line: string, from: number): Quoted {
  const found = /^(?:[^"\\]|\\[^])*"/.exec(line.slice(from));
  if (!found) return null;
  const text = found[0].slice(0, -1).replaceAll(/\\(\r?\n|[^])/g, (whole, next: string) => {
    if (/^\r?\n$/.test(next)) return '';
    return '$`"\\'.includes(next) ? next : whole;
  });
  return { text, end: from + found[0].length - 1 };
}

/** `$'…'`, which browsers write when they copy a request. */
function escaped(line: string, from: number): Quoted {
  const found = /^(?:[^'\\]|\\[^])*'/.exec(line.slice(from));
  if (!found) return null;
  const text = found[0]
    .slice(0, -1)
    .replaceAll(
      /\\(?:u([0-9a-fA-F]{1,4})|x([0-9a-fA-F]{1,2})|([^]))/g,
      (whole, unit?: string, byte?: string, next = '') => {
        if (unit !== undefined) return `\0${unit.padStart(4, '0')}`;
        if (byte !== undefined) return Buffer.from(byte.padStart(2, '0'), 'hex').toString('latin1');
        return named[next] ?? whole;
      },
    );
  return { text: unitsAsBytes(text), end: from + found[0].length - 1 };
}

/** Neighbouring `\uXXXX` may be two halves of one character: they become UTF-8 together. */
function unitsAsBytes(text: string): string {
  return text.replaceAll(/(?:\0[0-9a-fA-F]{4})+/g, (run) => {
    const units = run.split('\0').slice(1);
    const characters = Buffer.from(units.join(''), 'hex').swap16().toString('utf16le');
    return Buffer.from(characters, 'utf8').toString('latin1');
  });
}
