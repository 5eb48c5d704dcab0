/** docs/generated/matrix.md: what each protocol can ask for and carry out, and how each of its legs is signed. */
import { methods } from '../core/commands.ts';
import { exponents, formatDecimal, isCurrency } from '../core/money.ts';
import { channelProtocols, merchantProtocols, protocols } from '../protocols/all.ts';
import type { Capability, Protocol } from '../protocols/protocol.ts';
import { markdownTable } from './markdown.ts';

export function matrixPage(): string {
  const all = [...protocols.values()];
  return [
    '# What each protocol can do',
    '## Methods',
    'A merchant of a row’s protocol is paid through a channel of a column’s where both have the method, a currency and an option in common.',
    markdownTable(
      ['method', ...all.map(({ name }) => name)],
      [...methods, 'any' as const].map((method) => [
        method,
        ...all.map(({ capabilities }) => cellOf(capabilities.filter((one) => one.method === method))),
      ]),
    ),
    '## Any through any',
    'Merchant protocol (row) through channel protocol (column): the methods both can do.',
    markdownTable(
      ['', ...channelProtocols.map(({ name }) => name)],
      merchantProtocols.map((merchant) => [
        `**${merchant.name}**`,
        ...channelProtocols.map((channel) => shared(merchant, channel)),
      ]),
    ),
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
        request.signature,
        reply.signature,
        notice.signature,
        ack.signature,
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

function shared(merchant: Protocol, channel: Protocol): string {
  const asked = merchant.capabilities.filter(({ sides }) => sides !== 'carry-out');
  const done = channel.capabilities.filter(({ sides }) => sides !== 'ask');
  const both = methods.filter((method) =>
    asked.some(
      (ask) =>
        (ask.method === method || ask.method === 'any') &&
        done.some((one) => one.method === method && meets(ask.currencies, one.currencies) && optionsMeet(ask, one)),
    ),
  );
  return both.length === 0 ? '–' : both.join(', ');
}

function meets<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.some((one) => b.includes(one));
}

function optionsMeet(ask: Capability, one: Capability): boolean {
  return ask.options === null || one.options === null || meets(ask.options, one.options);
}

function duration(ms: number): string {
  const [unit, size] = ms % 3_600_000 === 0 ? ['h', 3_600_000] : ms % 60_000 === 0 ? ['min', 60_000] : ['s', 1_000];
  return `${ms / Number(size)} ${unit}`;
}
