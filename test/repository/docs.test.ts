/** Pages against code: what a page names must be there, and what the code has must be on its page. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { differenceTypes } from '../../src/core/reconciliation.ts';
import { mayRepeat } from '../../src/core/refusal.ts';
import { lateRefundRules, paymentRules, payoutRules, refundRules } from '../../src/core/rules.ts';
import { merchantProtocols, protocols } from '../../src/protocols/all.ts';
import { packageRoot } from '../../src/store/package-root.ts';
import { filesBelow, type Source, source, sourcesBelow, textOf } from './source.ts';

const pages = filesBelow('').filter((path) => path.endsWith('.md'));
const sources = sourcesBelow('src');
const codeOf = new Map(sources.map(({ path, code }) => [path, code]));

function isThere(path: string): boolean {
  return existsSync(join(packageRoot, path));
}

/** Targets of relative links that lead nowhere, as 'page → target'. */
function brokenLinks(page: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.split('#')[0] ?? '')
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .filter((target) => !isThere(normalize(join(dirname(page), target))))
    .map((target) => `${page} → ${target}`);
}

/** Paths of the project in backticks that do not exist. `…/<name>/…` and globs are no paths. */
function brokenPaths(page: string, text: string): string[] {
  return [...text.matchAll(/`((?:src|test|docs|bench|scripts|migrations|bin|public)\/[^`\s<>*]*)`/g)]
    .map(([, path = '']) => path.replace(/\/$/, ''))
    .filter((path) => !isThere(path))
    .map((path) => `${page}: ${path}`);
}

test('every relative link leads somewhere', () => {
  assert.ok(pages.length >= 22, `${pages.length} pages`);
  assert.deepEqual(
    pages.flatMap((page) => brokenLinks(page, textOf(page))),
    [],
  );
  assert.deepEqual(brokenLinks('docs/x.md', '[a](nowhere.md) [b](../README.md#x) [c](https://example.test/)'), [
    'docs/x.md → nowhere.md',
  ]);
});

test('every path that a page names exists', () => {
  assert.deepEqual(
    pages.flatMap((page) => brokenPaths(page, textOf(page))),
    [],
  );
  assert.deepEqual(brokenPaths('x.md', '`src/nowhere.ts` and `src/core` and `test/x/<name>.test.ts`'), [
    'x.md: src/nowhere.ts',
  ]);
});

/** "`name` in `src/path.ts`" where the file has no such word, as 'page: name'. */
function brokenNames(page: string, text: string): string[] {
  return [...text.matchAll(/`([A-Za-z]\w*)` in\s+`(src\/[^`]+\.ts)`/g)]
    .filter(([, name = '', path = '']) => !new RegExp(`\\b${name}\\b`).test(codeOf.get(path) ?? ''))
    .map(([, name, path]) => `${page}: ${name} in ${path}`);
}

test('every name that a page finds in a file is there', () => {
  const all = pages.map(textOf).join('\n');
  assert.ok([...all.matchAll(/` in\s+`src\//g)].length >= 25, 'the check sees the names');
  assert.deepEqual(
    pages.flatMap((page) => brokenNames(page, textOf(page))),
    [],
  );
  assert.deepEqual(brokenNames('x.md', '`nobody` in `src/flows/pay.ts`'), ['x.md: nobody in src/flows/pay.ts']);
});

test('every npm script that a page names exists', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  const own = new Set(['ci', ...Object.keys(scripts)]);
  const named = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\bnpm (?:run )?([a-z]+)/g)].map(([, name = '']) => ({ page, name })),
  );
  assert.ok(named.length >= 5);
  assert.deepEqual(
    named.filter(({ name }) => !own.has(name)).map(({ page, name }) => `${page}: npm ${name}`),
    [],
  );
});

/** The rows of the table below a heading, as cells. */
function rowsBelow(page: string, heading: string): string[][] {
  const section = textOf(page).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([first = '']) => !/^-+$/.test(first));
}

function firstCells(page: string, heading: string): string[] {
  return rowsBelow(page, heading).map(([cell = '']) => cell.replaceAll('`', ''));
}

test('lifecycle: the steps of a request are those of the serve arrow', () => {
  const serve = textOf('src/edge/serve.ts');
  const line = serve.split('\n').find((one) => one.includes(' → identify')) ?? '';
  const steps = line
    .replace(/^ \*\s*/, '')
    .replaceAll(/\([^)]*\)/g, '')
    .split('→')
    .map((step) => step.trim());
  assert.ok(steps.length >= 7, line);
  const shown = firstCells('docs/lifecycle.md', 'Of a request');
  assert.deepEqual(shown.slice(1, shown.indexOf('refusal')), steps);
});

test('lifecycle: error exits are refusals, and those that the serve arrow throws are among them', () => {
  const rows = rowsBelow('docs/lifecycle.md', 'Of a request').filter((row) => row.length === 3);
  const exits = rows.flatMap(([, , cell = '']) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code = '']) => code));
  const known = new Set(Object.keys(mayRepeat));
  assert.deepEqual(
    exits.filter((code) => !known.has(code)),
    [],
  );
  const thrown = [...textOf('src/edge/serve.ts').matchAll(/new Refusal\('([a-z-]+)'/g)].map(([, code = '']) => code);
  assert.ok(thrown.length >= 3);
  assert.deepEqual(
    thrown.filter((code) => !exits.includes(code)),
    [],
  );
});

test('lifecycle: the list of refusals is the closed list, with whether to repeat', () => {
  const rows = rowsBelow('docs/lifecycle.md', 'Of a request').filter(([, , last]) => last === 'yes' || last === 'no');
  const shown = Object.fromEntries(
    rows
      .filter(([code]) => code?.startsWith('`'))
      .map(([code = '', , may]) => [code.replaceAll('`', ''), may === 'yes']),
  );
  assert.deepEqual(shown, mayRepeat);
});

test('lifecycle: the drawn states and arrows are rules', () => {
  const arrows = [...textOf('docs/lifecycle.md').matchAll(/^\s+(\w+) --> (\w+): ([\w-]+)$/gm)];
  assert.ok(arrows.length >= 10);
  const rules: Readonly<Record<string, Readonly<Record<string, { readonly to: string } | undefined>>>> = paymentRules;
  for (const [, from = '', to = '', event = ''] of arrows)
    assert.equal(rules[from]?.[event]?.to, to, `${from} ${event}`);
  const drawn = new Set(arrows.flatMap(([, from = '', to = '']) => [from, to]));
  assert.deepEqual([...drawn].sort(), Object.keys(paymentRules).sort());
});

/** Reasons of reviews: those in the rules, those that decide() names, and those of queries. */
function reviewReasons(): string[] {
  const tables = [paymentRules, payoutRules, refundRules, lateRefundRules];
  const ruled = tables.flatMap((rules) =>
    Object.values(rules).flatMap((row) =>
      Object.values(row).map((rule) => (rule as { review?: string }).review ?? null),
    ),
  );
  const named = [
    ...textOf('src/core/evidence.ts').matchAll(/\breview\('([a-z-]+)'/g),
    ...sources.flatMap(({ text }) => [...text.matchAll(/\breview = \{ reason: '([a-z-]+)'/g)]),
  ].map(([, reason = '']) => reason);
  const statements = differenceTypes.map((type) => `statement-${type}`);
  return [
    ...new Set([
      ...ruled.filter((one) => one !== null),
      ...named,
      ...statements,
      'payout-not-found',
      'refund-not-found',
    ]),
  ].sort();
}

test('operating: what to do is said for every reason of a review', () => {
  assert.match(textOf('src/flows/chase.ts'), /`\$\{order\.kind\}-not-found`/);
  assert.match(textOf('src/flows/keep-difference.ts'), /reason: `statement-\$\{found\.type\}`/);
  assert.deepEqual(firstCells('docs/operating.md', 'Reviews').slice(1).sort(), reviewReasons());
});

/** Warnings and errors of the log: 'event level'. */
function logEvents(list: readonly Source[]): string[] {
  return [
    ...new Set(
      list.flatMap(({ text }) =>
        [...text.matchAll(/\blog\??\.(warn|error)\(\s*'([^']+)'/g)].map(([, level, event]) => `${event} ${level}`),
      ),
    ),
  ].sort();
}

test('operating: the page explains every warning and error of the log, and no others', () => {
  const rows = rowsBelow('docs/operating.md', 'What the log says').slice(1);
  const shown = rows.map(([event = '', level]) => `${event.replaceAll('`', '')} ${level}`);
  assert.deepEqual(shown.sort(), logEvents(sources));
});

test('operating: metrics that an alarm watches exist', () => {
  const metrics = textOf('src/edge/metrics.ts');
  const watched = [...textOf('docs/operating.md').matchAll(/`(kanal_[a-z_]+)`/g)].map(([, name = '']) => name);
  assert.ok(watched.length >= 5);
  assert.deepEqual(
    watched.filter((name) => name !== 'kanal_app' && !metrics.includes(`'${name}'`)),
    [],
  );
});

function nameIn(row: string): string {
  return /`(\w+)`/.exec(row)?.[1] ?? '';
}

test('metrics: every kind that the page of metrics can show is fed by somebody', () => {
  const [, body = ''] = /export interface Metrics \{([\s\S]*?)\n\}/.exec(textOf('src/edge/metrics.ts')) ?? [];
  const kinds = [...body.matchAll(/^ {2}(\w+)\([^)]*\): void;/gm)].map(([, name = '']) => name);
  assert.ok(kinds.length >= 5);
  const elsewhere = sources.filter(({ path }) => path !== 'src/edge/metrics.ts').map(({ code }) => code);
  assert.deepEqual(
    kinds.filter((kind) => !elsewhere.some((code) => new RegExp(`\\bmetrics\\??\\.${kind}\\(`).test(code))),
    [],
  );
});

/** Commands of the command line: names written out, and those made of a noun and a verb. */
function commands(): Set<string> {
  const text = sources
    .filter(({ path }) => path.startsWith('src/cli/'))
    .map((one) => one.text)
    .join('\n');
  const whole = [...text.matchAll(/(?:\bname: |\blate\(\s*)'([a-z]+(?: [a-z]+)?)'/g)].map(([, name = '']) => name);
  const made = ['merchant', 'credential', 'channel', 'user'].flatMap((noun) => [`${noun} disable`, `${noun} enable`]);
  return new Set([...whole, ...made, 'user renew']);
}

function unknownCommands(page: string, text: string, known: ReadonlySet<string>): string[] {
  return [...text.matchAll(/(?:`|^|\/)kanal ([a-z]+)(?: ([a-z]+))?/gm)]
    .filter(([, one = '', two = '']) => !known.has(one) && !known.has(`${one} ${two}`))
    .map(([whole]) => `${page}: ${whole}`);
}

test('every command that a page names exists', () => {
  const known = commands();
  assert.ok(known.has('merchant add') && known.has('start') && known.size >= 30, [...known].join());
  const all = pages.flatMap((page) => [...textOf(page).matchAll(/(?:`|^|\/)kanal [a-z]+/gm)]);
  assert.ok(all.length >= 12);
  assert.deepEqual(
    pages.flatMap((page) => unknownCommands(page, textOf(page), known)),
    [],
  );
  assert.deepEqual(unknownCommands('x.md', 'run `kanal frobnicate all`', known), ['x.md: `kanal frobnicate all']);
});

test('protocols: the page has the protocols of the lists, and each has its own page', () => {
  const rows = textOf('docs/protocols.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  assert.deepEqual(rows.map(nameIn).sort(), [...protocols.keys()].sort());
  const yes = rows.filter((row) => row.split('|')[3]?.trim() === 'yes').map(nameIn);
  assert.deepEqual(yes.sort(), merchantProtocols.map(({ name }) => name).sort());
  for (const name of protocols.keys()) assert.ok(isThere(`src/protocols/${name}/README.md`), name);
});

test('threats: every row once, with a test that exists or an honest "not yet"', () => {
  const page = textOf('docs/threats.md');
  const ids = [...page.matchAll(/\bT\d{3}\b/g)].map(([id]) => id).sort();
  assert.deepEqual(
    ids,
    Array.from({ length: 124 }, (_, i) => `T${String(i + 1).padStart(3, '0')}`),
  );
  const rows = page.split('\n').filter((line) => /^\| T\d{3} /.test(line));
  for (const row of rows) {
    const proof = row.split('|')[4]?.trim() ?? '';
    assert.match(proof, /^(not yet|`test\/[\w/.-]+\.test\.ts`(, `test\/[\w/.-]+\.test\.ts`)*)$/, row);
  }
});

test('decisions are numbered without gaps, and each says what and why', () => {
  const files = filesBelow('docs/decisions');
  assert.ok(files.length >= 9);
  files.forEach((path, index) => {
    assert.match(path, new RegExp(`/${String(index + 1).padStart(4, '0')}-[a-z0-9-]+\\.md$`));
    const text = textOf(path);
    assert.match(text, new RegExp(`^# ${index + 1}\\. `));
    assert.match(text, /\*\*Decision\.\*\*/);
    assert.match(text, /\*\*Why\.\*\*/);
  });
});

test('glossary: in order, each word once, with the methods of the core', () => {
  const words = textOf('docs/glossary.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| word') && !line.startsWith('|---'))
    .map((line) => line.split('|')[1]?.trim() ?? '');
  assert.ok(words.length >= 35);
  assert.deepEqual(words, [...new Set(words)].sort());
  for (const [, method = ''] of (codeText('src/core/commands.ts').split('] as const')[0] ?? '').matchAll(
    /'([a-z-]+)',/g,
  ))
    assert.ok(textOf('docs/glossary.md').includes(method), method);
});

function codeText(path: string): string {
  return source(path).text;
}
