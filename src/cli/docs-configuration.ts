/** docs/generated/configuration.md: options of `kanal start`, settings of merchants, credentials and channels. */
import { cardTexts } from '../core/agreement.ts';
import { options } from '../config.ts';
import { settingsFor } from '../edge/admission.ts';
import { channelProtocols, merchantProtocols } from '../protocols/all.ts';
import type { SettingSpec } from '../protocols/protocol.ts';
import { markdownTable } from './markdown.ts';

export function configurationPage(): string {
  return [
    '# Configuration',
    'Every option is a flag of `kanal start` and an environment variable; the flag wins.',
    markdownTable(
      ['flag', 'variable', 'default', 'what it does'],
      options.map(({ flag, variable, default: fallback, about }) => [
        `\`--${flag}\``,
        `\`${variable}\``,
        fallback ? `\`${fallback}\`` : '',
        about,
      ]),
    ),
    '## Credentials',
    'Settings of a merchant in a protocol: `kanal credential add --set name=value`.',
    ...merchantProtocols.map((protocol) => section(protocol.name, settingsFor(protocol, 'credential'))),
    '## Channels',
    'Settings of an upstream account: `kanal channel add --set name=value`.',
    ...channelProtocols.map((protocol) => section(protocol.name, settingsFor(protocol, 'channel'))),
    '## Merchants',
    '`kanal merchant set M --set noticeGapsS=5,60,3600`: gaps between attempts to deliver a notice, in seconds, instead of the protocol’s ladder; `payin.noticeGapsS` for one protocol.',
    '`kanal merchant set M --set returnHosts=shop.example,*.shop.example`: hosts that payers may be sent back to from the payment page; a host with a port means that port only. The return address of an order whose host is not listed is not shown, and without the setting none is.',
    `\`kanal merchant set M --set cardTextsPerHour=${cardTexts.perHour} --set cardTextsPerDay=${cardTexts.perDay}\`: codes by text message to one telephone, or about one card, from all payment pages of the merchant; these are the defaults.`,
  ].join('\n\n');
}

/** A choice of words as words, every other rule as the pattern that it is. */
function values(pattern: string): string {
  const [, choice] = /^\^\(\?:([\w:.-]+(?:\|[\w:.-]+)+)\)\$$/.exec(pattern) ?? [];
  return choice === undefined
    ? `\`${pattern}\``
    : choice
        .split('|')
        .map((word) => `\`${word}\``)
        .join(', ');
}

function section(name: string, settings: readonly SettingSpec[]): string {
  if (settings.length === 0) return `### ${name}\n\nNone.`;
  const rows = settings.map((spec) => [
    `\`${spec.name}\``,
    spec.default === null || spec.default === '' ? '' : `\`${spec.default}\``,
    values(spec.pattern.source),
    spec.about.en,
  ]);
  return `### ${name}\n\n${markdownTable(['setting', 'default', 'value', 'what it does'], rows)}`;
}
