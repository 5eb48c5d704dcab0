/** Rules about files as wholes: their length, their names, and whether anybody needs them. */
import { importsOf, resolved, type Source } from './source.ts';

export const limits = [
  { about: /^(src|scripts|bench)\//, lines: 450 },
  // A table of cases may be longer than code.
  { about: /^test\//, lines: 600 },
] as const;

export function longFiles(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.split('\n').length - 1;
    const most = limits.find(({ about }) => about.test(path))?.lines ?? Number.POSITIVE_INFINITY;
    return lines > most ? [`${path}: ${lines} lines, at most ${most}`] : [];
  });
}

const nothings = new Set(
  'util utils helper helpers common manager managers service services handler handlers base impl dto dtos lib misc processor'.split(
    ' ',
  ),
);

/** Has the path a word in it that says nothing about what is inside? */
export function emptyWords(path: string): boolean {
  return path.split(/[/.\-_]/).some((word) => nothings.has(word.toLowerCase()));
}

/** Where programs and test runs begin. */
const roots =
  /^(src\/main\.ts|src\/cli\/main\.ts|bench\/main\.ts|test\/\w+\/main\.ts|test\/.*\.test\.ts|scripts\/.*\.mjs)$/;

/** Compiled files that a text names instead of importing them: './child.js' of a fork, 'dist/…' of a script. */
function namedFiles({ path, text }: Source): string[] {
  return [...text.matchAll(/['"`]([\w./-]+)\.js['"`]/g)].map(([, name = '']) => {
    const [, compiled] = /(?:^|\/)dist\/(.+)$/.exec(name) ?? [];
    return `${compiled ?? resolved(path, name)}.ts`;
  });
}

function needed(one: Source): string[] {
  return [...importsOf(one).flatMap(({ path }) => (path === null ? [] : [path])), ...namedFiles(one)];
}

/** Files that no program and no test reaches. */
export function deadFiles(sources: readonly Source[]): string[] {
  const next = new Map(sources.map((one) => [one.path, needed(one)]));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const other of next.get(path) ?? []) visit(other);
  };
  for (const { path } of sources) if (roots.test(path)) visit(path);
  return sources.map(({ path }) => path).filter((path) => path.endsWith('.ts') && !reached.has(path));
}

const exportShape =
  /^export (?:declare )?(?:async )?(?:abstract )?(?:(function\*?|const|let|class)|(interface|type)) ([A-Za-z_$][\w$]*)/gm;

/**
 * Exported values that no other file imports, and exported types that not even their own file uses again: a type that stands in
 * an exported signature is part of it.
 */
export function unusedExports(sources: readonly Source[]): string[] {
  const used = new Map<string, Set<string>>();
  const use = (path: string, names: readonly string[]) =>
    used.set(path, new Set([...(used.get(path) ?? []), ...names]));
  for (const one of sources) {
    for (const { path, names } of importsOf(one)) if (path !== null) use(path, names);
    // A script takes from a compiled file what it likes.
    for (const path of namedFiles(one)) use(path, ['*']);
  }
  return sources.flatMap((one) => {
    const names = used.get(one.path) ?? new Set();
    if (names.has('*') || !one.path.endsWith('.ts')) return [];
    return [...one.code.matchAll(exportShape)]
      .map(([, value, , name = '']) => ({ isValue: value !== undefined, name }))
      .filter(({ isValue, name }) => !names.has(name) && (isValue || occurrences(one.code, name) < 2))
      .map(({ name }) => `${one.path}: ${name}`);
  });
}

function occurrences(code: string, name: string): number {
  return code.split(new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`)).length - 1;
}
