/**
 * What our text may not say, as data. A rule names what to write instead; what breaks it with reason is listed beside it with
 * that reason and a count, so that one more in the same file is found, and an entry that is no longer needed is too.
 */
import { lineOf, type Source } from './source.ts';

export interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
  /** What is searched: code without strings and comments, comments alone, or everything. */
  readonly within: 'code' | 'comments' | 'text';
  /** Paths it is about. */
  readonly about: RegExp;
  readonly instead: string;
  readonly exceptions: readonly Exception[];
  /** A text that breaks it, and where it would stand: the rule's own test. */
  readonly planted: readonly [path: string, text: string];
}

export interface Exception {
  readonly path: string;
  readonly count: number;
  readonly because: string;
}

const product = /^src\//;
/** Everything but the places where the World is made and settings are read. */
const worldless = /^src\/(?!world\.ts$|config\.ts$|main\.ts$|cli\/)/;
const everywhere = /\.(ts|mjs)$/;

export const rules: readonly Rule[] = [
  {
    name: 'hidden clock',
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b/g,
    within: 'code',
    about: worldless,
    instead: 'world.now() or world.monotonic()',
    exceptions: [],
    planted: ['src/flows/x.ts', 'const at = Date.now();'],
  },
  {
    name: 'hidden chance',
    pattern: /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b|\brandomInt\b/g,
    within: 'code',
    about: worldless,
    instead: 'world.nonce(bytes) or world.newId()',
    exceptions: [],
    planted: ['src/edge/x.ts', "import { randomUUID } from 'node:crypto';"],
  },
  {
    name: 'hidden network',
    pattern: /(?<![.\w])fetch\(/g,
    within: 'code',
    about: worldless,
    instead: 'world.send(request, limits)',
    exceptions: [],
    planted: ['src/wiring/x.ts', 'await fetch(url);'],
  },
  {
    name: 'ambient settings',
    pattern: /\bprocess\.env\b|\bprocess\.argv\b/g,
    within: 'code',
    about: worldless,
    instead: 'a field of Config (src/config.ts), passed down',
    exceptions: [],
    planted: ['src/store/x.ts', 'const url = process.env.DATABASE_URL;'],
  },
  {
    name: 'amounts through floating point',
    pattern: /\bparseFloat\b|\.toFixed\(|\.toPrecision\(/g,
    within: 'code',
    about: product,
    instead: 'parseDecimal and formatDecimal of src/core/money.ts',
    exceptions: [],
    planted: ['src/web/x.ts', 'const shown = (minor / 100).toFixed(2);'],
  },
  {
    name: 'money as a number',
    // A conversion whose own line speaks of money. Counts, times, ports and processes are numbers; amounts are bigint.
    pattern:
      /^.*(?:\bNumber(?:\.parseInt)?|\bparseInt|\bMath\.(?:round|floor|ceil|trunc))\((?=[^\n]*(?:[Aa]mount|[Mm]inor|[Mm]oney|\bpaid|[Rr]efund|\bfee|[Pp]rice|[Bb]alance|\bcredit\b|\bdebit|overdraft))[^\n]*$/gm,
    within: 'code',
    about: product,
    instead: 'bigint minor units (BigInt(text) after a check of the digits, or parseDecimal)',
    exceptions: [],
    planted: ['src/twin/x.ts', 'const cents = Number(row.amount);'],
  },
  {
    name: 'numbers parsed in the core',
    pattern: /\bNumber\(|\bparseInt\b/g,
    within: 'code',
    about: /^src\/core\//,
    instead: 'a bigint, or a value that its reader has parsed already',
    exceptions: [
      { path: 'src/core/routing.ts', count: 6, because: 'hours and minutes of a clock' },
      { path: 'src/core/network.ts', count: 1, because: 'the groups of an address, hexadecimal' },
    ],
    planted: ['src/core/x.ts', 'return Number(text);'],
  },
  {
    name: 'order by language',
    pattern: /\blocaleCompare\b|\bIntl\.Collator\b/g,
    within: 'code',
    about: product,
    instead: '(a < b ? -1 : 1): code units, the same on every machine (T067)',
    exceptions: [],
    planted: ['src/protocols/x.ts', 'names.sort((a, b) => a.localeCompare(b));'],
  },
  {
    name: 'types switched off',
    pattern: /\bas any\b|:\s*any\b|<any[,>]|\bas unknown as\b|\bas never\b/g,
    within: 'code',
    about: product,
    instead: 'the type itself, or a function that checks',
    exceptions: [],
    planted: ['src/edge/x.ts', 'const body = (await request.json()) as unknown as PayRequest;'],
  },
  {
    name: 'compiler silenced',
    pattern: /@ts-(?:ignore|expect-error|nocheck)|(?:oxlint|eslint)-disable|biome-ignore(?! format)/g,
    within: 'comments',
    about: everywhere,
    instead: 'what the compiler or the linter asks for',
    exceptions: [],
    planted: ['test/x.ts', '// @ts-ignore\n'],
  },
  {
    name: 'printing',
    pattern: /\bconsole\./g,
    within: 'code',
    about: /^src\/(?!cli\/)/,
    instead: 'world.log.info(event, fields)',
    exceptions: [],
    planted: ['src/flows/x.ts', "console.log('paid');"],
  },
  {
    name: 'left for later',
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/g,
    within: 'comments',
    about: everywhere,
    instead: 'doing it, or an issue',
    exceptions: [],
    planted: ['src/core/x.ts', '// TODO: rounding'],
  },
  {
    name: 'tests that hide others',
    pattern: /\b(?:test|it|describe|suite)\.only\(|\bonly: true/g,
    within: 'code',
    about: /^test\//,
    instead: 'npm test -- WORD',
    exceptions: [],
    planted: ['test/x.test.ts', "test.only('one', () => {});"],
  },
  {
    name: 'tests switched off',
    pattern: /\b(?:test|it|describe|suite)\.(?:skip|todo)\(|\b(?:skip|todo): true/g,
    within: 'code',
    about: /^test\//,
    instead: "{ skip: 'the reason, and how to run it' }",
    exceptions: [],
    planted: ['test/x.test.ts', "test('one', { skip: true }, () => {});"],
  },
  {
    name: 'swallowed error',
    pattern:
      /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}|\.catch\(\s*(?:\([^)]*\)|\w+)\s*=>\s*(?:\{\s*\}|undefined|null|'\s*'|\[\])\s*\)/g,
    within: 'code',
    about: /^(src|scripts|bin)\//,
    instead: 'letting it rise to the arrow, or naming in the code what may be dropped and why',
    exceptions: [
      {
        path: 'src/edge/reply.ts',
        count: 1,
        because: 'the stream is over; what its generator says to that changes nothing',
      },
      { path: 'src/world.ts', count: 1, because: 'an aborted sleep is over, not broken' },
      { path: 'src/store/embedded.ts', count: 1, because: 'no pid file, nobody to disown' },
      {
        path: 'src/store/postgres-binaries.ts',
        count: 1,
        because: 'a system without a passwd file has no user "postgres"',
      },
      { path: 'src/store/postgres-process.ts', count: 2, because: 'a process or pid file that is gone is the answer' },
      { path: 'scripts/prepare.mjs', count: 4, because: 'a file or folder that is not there yet is the answer' },
    ],
    planted: ['src/flows/x.ts', 'await notify().catch(() => undefined);'],
  },
  {
    name: 'unverified members',
    pattern: /\bopened\(/g,
    within: 'code',
    about: /^src\/(?!protocols\/[^/]+\/|protocols\/protocol\.ts$)/,
    instead: "the leg's open: only a protocol's legs make an Opened",
    exceptions: [],
    planted: ['src/edge/x.ts', 'const message = opened(fields);'],
  },
  {
    name: 'a protocol by name',
    pattern: /'(?:unified|bluepay|payin|bestpay|ysepay|fufu)'/g,
    within: 'text',
    about: /^src\/(?!protocols\/|wiring\/demo\/)/,
    instead: "a row in that protocol's own folder: nothing else knows who there is",
    exceptions: [{ path: 'src/edge/party-file.ts', count: 1, because: 'what people call a party of each protocol' }],
    planted: ['src/flows/x.ts', "if (protocol === 'fufu') return close(order);"],
  },
  {
    name: 'this machine',
    pattern: /(?:^|[\s'"`(=:])\/(?:work|root|home\/\w+|Users|brief)\/|\b\w+\.internal\b/gm,
    within: 'text',
    about: /^(?!test\/repository\/)/,
    instead: 'a path from the project, or a temporary folder',
    exceptions: [],
    planted: ['docs/x.md', 'see /root/notes'],
  },
  {
    name: 'a registry',
    pattern: /\bregistry\.|npmmirror|verdaccio|artifactory|\bproxy\.golang\b/gi,
    within: 'text',
    about: /^(?!test\/repository\/)/,
    instead: 'nothing: where packages come from is the setting of whoever installs',
    exceptions: [],
    planted: ['.npmrc', '# registry.example.org'],
  },
];

export interface Finding {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly instead: string;
}

export function findings(rule: Rule, source: Source): Finding[] {
  if (!rule.about.test(source.path)) return [];
  const text = rule.within === 'text' ? source.text : rule.within === 'code' ? source.code : source.comments;
  return [...text.matchAll(rule.pattern)].map(({ index }) => ({
    rule: rule.name,
    path: source.path,
    line: lineOf(text, index),
    instead: rule.instead,
  }));
}

/** The findings that no exception covers, and the exceptions that cover nothing, as one line each. */
export function complaints(rule: Rule, sources: readonly Source[]): string[] {
  const found = sources.flatMap((one) => findings(rule, one));
  const paths = new Set([...found, ...rule.exceptions].map(({ path }) => path));
  return [...paths].flatMap((path) => {
    const here = found.filter((one) => one.path === path);
    const allowed = rule.exceptions.find((one) => one.path === path)?.count ?? 0;
    if (here.length === allowed) return [];
    if (here.length < allowed)
      return [`${path}: ${rule.name}: ${allowed} excepted, ${here.length} found: lower the count`];
    return here.map(({ line }) => `${path}:${line}: ${rule.name}: write ${rule.instead}`);
  });
}
