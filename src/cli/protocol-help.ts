/** What `credential add` and `channel add` take for a protocol, from its own tables. */
import { settingsFor } from '../edge/admission.ts';
import { partyNames } from '../edge/party-file.ts';
import { channelProtocols, merchantProtocols } from '../protocols/all.ts';
import type { Protocol } from '../protocols/protocol.ts';

/** `how` is what somebody types to see one of them. */
export function holderHelp(
  name: string | undefined,
  side: 'merchant' | 'channel',
  how = '--protocol P --help',
): string {
  const list = side === 'merchant' ? merchantProtocols : channelProtocols;
  const protocol = list.find((one) => one.name === name);
  const names = list.map((one) => one.name).join(', ');
  return protocol ? sheet(protocol, side) : `Protocols: ${names}. ${how} lists its keys and settings.`;
}

function sheet(protocol: Protocol, side: 'merchant' | 'channel'): string {
  const keys = protocol.keys.map((spec) => {
    const given = side === 'merchant' && spec.issued ? 'made when not given' : spec.required ? 'needed' : 'optional';
    return `  ${spec.name.padEnd(22)}${spec.kind}, ${given}. ${spec.about.en}`;
  });
  const settings = settingsFor(protocol, side === 'merchant' ? 'credential' : 'channel').map(
    (spec) => `  ${spec.name.padEnd(22)}${spec.about.en}${spec.default === null ? '' : ` Default ${spec.default}.`}`,
  );
  return [
    `${protocol.title.en}`,
    `Sender (--sender, or ${partyNames(protocol.name).sender} in --keys)`,
    'Keys:',
    ...keys,
    ...(settings.length === 0 ? [] : ['Settings (--set, or in --keys):', ...settings]),
  ].join('\n');
}
