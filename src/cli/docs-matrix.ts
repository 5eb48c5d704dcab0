/** docs/generated/matrix.md: what each protocol can ask for and carry out, and how each of its legs is signed. */
import { methods } from '../core/commands.ts';
import { exponents, formatDecimal, isCurrency } from '../core/money.ts';
import { channelProtocols, protocols } from '../protocols/all.ts';
import type { Capability } from '../protocols/protocol.ts';
import { type Crossing, crossings } from '../wiring/crossings.ts';
import { markdownTable } from './markdown.ts';

export function matrixPage(): string {
  const all = [...protocols.values()];
  const crossed = crossings();
  return [
    '# What each protocol can do',
    '## Methods',
    'What each protocol’s folder declares. “Merchant only”: can be asked for; “channel only”: can be carried out.',
    markdownTable(
      ['method', ...all.map(({ name }) => name)],
      [...methods, 'any' as const].map((method) => [
        method,
        ...all.map(({ capabilities }) => cellOf(capabilities.filter((one) => one.method === method))),
      ]),
    ),
    '## Any through any',
    'Probed: each request of a merchant was written, signed, verified and read as the gateway does it, and each channel was asked to say the same. `test/e2e/matrix.test.ts` goes every one of these ways over HTTP: create, pay, notice, query, refund where both can. **yes** = it is carried out, **yes, refunds** = and the merchant can give it back, – = it is refused in the merchant’s own protocol before anything is written. Settings are those of the sandbox; the fufu merchant has `extraChannels=true`.',
    markdownTable(
      ['merchant', 'endpoint', 'method', 'currency', 'which', ...channelProtocols.map(({ name }) => name)],
      crossingRows(crossed),
    ),
    '## Why not',
    markdownTable(['channel', 'refuses', 'because'], refusalRows(crossed)),
    '## Operations',
    markdownTable(
      ['protocol', 'endpoint', 'command', 'address', 'may be repeated'],
      all.flatMap((protocol) =>
        protocol.endpoints.map((row) => [
          protocol.name,
          row.name,
          row.command,
          `\`${row.method} ${row.path}\``,
          row.repeatable ? 'yes' : 'no',
        ]),
      ),
    ),
    '## Signatures',
    markdownTable(
      ['protocol', 'request', 'reply', 'notice', 'acknowledgement'],
      all.map(({ name, request, reply, notice, ack }) => [
        name,
        request.signature.en,
        reply.signature.en,
        notice.signature.en,
        ack.signature.en,
      ]),
    ),
    '## Notices',
    markdownTable(
      ['protocol', 'attempts', 'gaps', 'time allowed'],
      all.map(({ name, retry }) => [
        name,
        String(retry.gapsMs.length + 1),
        retry.gapsMs.map(duration).join(', '),
        duration(retry.totalTimeoutMs),
      ]),
    ),
  ].join('\n\n');
}

const sideWords = { ask: 'merchant only', 'carry-out': 'channel only', both: '' } as const;

function cellOf(rows: readonly Capability[]): string {
  return rows
    .map(({ currencies, options, min, max, sides }) =>
      [
        currencies.join('/'),
        options === null ? '' : options.join(' '),
        limits(currencies[0] ?? '', min, max),
        sideWords[sides],
      ]
        .filter((text) => text !== '')
        .join(', '),
    )
    .join('; ');
}

function limits(currency: string, min: bigint, max: bigint | null): string {
  const exponent = isCurrency(currency) ? exponents[currency] : 0;
  const text = (minor: bigint) => formatDecimal(minor, exponent);
  return max === null ? `from ${text(min)}` : `${text(min)} to ${text(max)}`;
}

/** One line per request and currency; options that go the same ways share it. */
function crossingRows(crossed: readonly Crossing[]): string[][] {
  const lines = groupBy(crossed, ({ merchant, endpoint, method, currency, option }) =>
    JSON.stringify([merchant, endpoint, method, currency, option]),
  ).map((ways) => ({ ways, verdicts: ways.map(verdictOf) }));
  return groupBy(lines, ({ ways: [way], verdicts }) =>
    JSON.stringify([way?.merchant, way?.endpoint, way?.method, way?.currency, verdicts]),
  ).map((same) => {
    const [first] = same;
    const options = same.map(({ ways }) => ways[0]?.option ?? '').join(' ');
    const { merchant = '', endpoint = '', method = '', currency = '' } = first?.ways[0] ?? {};
    return [merchant, endpoint, method, currency, options, ...(first?.verdicts ?? [])];
  });
}

function verdictOf({ why, refunds }: Crossing): string {
  if (why !== null) return '–';
  return refunds ? 'yes, refunds' : 'yes';
}

/** By channel and reason; `…` in a reason stands for what the request names. */
function refusalRows(crossed: readonly Crossing[]): string[][] {
  const refused = channelProtocols.flatMap(({ name }) =>
    crossed.flatMap((one) =>
      one.channel === name && one.why !== null ? [{ ...one, why: withoutOption(one.why, one.option) }] : [],
    ),
  );
  return groupBy(refused, ({ channel, why }) => JSON.stringify([channel, why])).map((same) => [
    same[0]?.channel ?? '',
    groupBy(same, ({ merchant, endpoint, method }) => `${merchant} ${endpoint} ${method}`)
      .map((ways) =>
        `${ways[0]?.merchant} ${ways[0]?.endpoint} ${ways[0]?.method}: ${[...new Set(ways.map(({ option }) => option))].join(' ')}`.replace(
          /: $/,
          '',
        ),
      )
      .join('; '),
    same[0]?.why ?? '',
  ]);
}

function withoutOption(why: string, option: string): string {
  return option === '' ? why : why.replace(` ${option}`, ' …');
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return [...groups.values()];
}

function duration(ms: number): string {
  const [unit, size] = ms % 3_600_000 === 0 ? ['h', 3_600_000] : ms % 60_000 === 0 ? ['min', 60_000] : ['s', 1_000];
  return `${ms / Number(size)} ${unit}`;
}
