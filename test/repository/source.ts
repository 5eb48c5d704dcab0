/**
 * The project's own files as text, for the tests of this folder. TypeScript 7 has no API for JavaScript, so a small scanner tells
 * code, comments and strings apart; positions stay, so that line numbers are true.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/store/package-root.ts';

export interface Source {
  /** From the project's root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** Strings, templates and regular expressions keep their quotes and lose their contents; comments are blank. */
  readonly code: string;
  /** Only the comments; everything else is blank. */
  readonly comments: string;
}

/** Anything that is neither written by us nor read by a reader. */
const passedOver: ReadonlySet<string> = new Set([
  'node_modules',
  'dist',
  'data',
  '.git',
  '.tmp',
  'vectors',
  'generated',
]);

/** Paths of every file below a folder of the project ('' = all of it), sorted. */
export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(packageRoot, folder), { withFileTypes: true })) {
    if (passedOver.has(entry.name)) continue;
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...filesBelow(path));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort();
}

export function textOf(path: string): string {
  return readFileSync(join(packageRoot, path), 'utf8');
}

export function source(path: string, text: string = textOf(path)): Source {
  return { path, text, ...scan(text) };
}

/** TypeScript and plain module files below the folders. */
export function sourcesBelow(...folders: readonly string[]): Source[] {
  return folders
    .flatMap(filesBelow)
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .map((path) => source(path));
}

export function lineOf(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

export interface Import {
  /** As written: './order.ts', 'node:crypto', 'pg'. */
  readonly from: string;
  /** The project's path of a relative import, else null. */
  readonly path: string | null;
  /** Imported names; '*' for a whole module. */
  readonly names: readonly string[];
  readonly line: number;
  readonly isReexport: boolean;
}

const importShapes: readonly RegExp[] = [
  /\b(import|export)\s+(?!\()([\w\s{},*$]*?)\s*from\s*(["'])( *)\3/g,
  /\b(import)\s*()\(?\s*(["'])( *)\3/g,
];

export function importsOf({ path, text, code }: Source): Import[] {
  return importShapes.flatMap((shape) =>
    [...code.matchAll(shape)].map((match) => {
      const [whole, keyword = '', clause = '', , blank = ''] = match;
      // The blanked string ends just before the closing quote, which ends the match.
      const end = match.index + whole.length - 1;
      const from = text.slice(end - blank.length, end);
      return {
        from,
        path: from.startsWith('.') ? resolved(path, from) : null,
        names: namesIn(clause),
        line: lineOf(text, match.index),
        isReexport: keyword === 'export',
      };
    }),
  );
}

/** './x.ts' as written in a file of the project, as the project's path. */
export function resolved(importer: string, from: string): string {
  const parts = importer.split('/').slice(0, -1);
  for (const step of from.split('/')) {
    if (step === '..') parts.pop();
    else if (step !== '.') parts.push(step);
  }
  return parts.join('/');
}

function namesIn(clause: string): string[] {
  const [, listed = ''] = /\{([^}]*)\}/.exec(clause) ?? [];
  const names = listed.split(',').map(
    (one) =>
      one
        .replace(/^\s*type\s+/, '')
        .trim()
        .split(/\s+as\s+/)[0] ?? '',
  );
  return [...names.filter((name) => name !== ''), ...(clause.includes('*') ? ['*'] : [])];
}

type Part = 'code' | 'comment' | 'quoted';

/** After these a slash begins a regular expression, not a division. */
const beforeRegex = /(?:^|[(,=:[!&|?{};+*%~^<>-]|=>|\b(?:return|typeof|case|in|of|do|else|throw|await|void))\s*$/;

function scan(text: string): { code: string; comments: string } {
  const parts: Part[] = Array.from({ length: text.length }, () => 'code');
  const mark = (from: number, to: number, part: Part) => parts.fill(part, from, to);
  /** Brace depth at which each open `${` ends. */
  const holes: number[] = [];
  let depth = 0;
  let at = 0;
  let code = '';
  const quotedUntil = (end: number) => {
    mark(at + 1, end, 'quoted');
    code += '""';
    at = end + 1;
  };
  while (at < text.length) {
    const two = text.slice(at, at + 2);
    const one = text[at] ?? '';
    if (two === '//' || (two === '#!' && at === 0)) {
      const end = endOf(text, '\n', at);
      mark(at, end, 'comment');
      at = end;
    } else if (two === '/*') {
      const end = Math.min(endOf(text, '*/', at + 2) + 2, text.length);
      mark(at, end, 'comment');
      at = end;
    } else if (one === "'" || one === '"') quotedUntil(endOfQuoted(text, at + 1, one));
    else if (one === '/' && beforeRegex.test(code.slice(-12))) quotedUntil(endOfRegex(text, at + 1));
    else if (one === '`' || (one === '}' && holes.at(-1) === depth)) {
      if (one === '}') holes.pop();
      const { end, isHole } = endOfTemplate(text, at + 1);
      mark(at + 1, end, 'quoted');
      if (isHole) holes.push(depth);
      code += isHole ? '(' : '""';
      at = end + (isHole ? 2 : 1);
    } else {
      if (one === '{') depth += 1;
      if (one === '}') depth -= 1;
      code += one;
      at += 1;
    }
  }
  const only = (wanted: Part) =>
    text
      .split('')
      .map((char, i) => (parts[i] === wanted || char === '\n' ? char : ' '))
      .join('');
  return { code: only('code'), comments: only('comment') };
}

function endOf(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? text.length : found;
}

function endOfQuoted(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function endOfRegex(text: string, from: number): number {
  let at = from;
  let inClass = false;
  while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true;
    if (text[at] === ']') inClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  return at;
}

function endOfTemplate(text: string, from: number): { end: number; isHole: boolean } {
  let at = from;
  while (at < text.length && text[at] !== '`') {
    if (text[at] === '$' && text[at + 1] === '{') return { end: at, isHole: true };
    at += text[at] === '\\' ? 2 : 1;
  }
  return { end: at, isHole: false };
}
