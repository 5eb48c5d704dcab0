/** docs/generated/refusals.md: every refusal in the words of every merchant protocol, made by the protocols themselves. */
import { mayRepeat, Refusal, type RefusalCode } from '../core/refusal.ts';
import { nobody } from '../edge/keyring.ts';
import { sceneOf } from '../edge/serve.ts';
import { merchantProtocols } from '../protocols/all.ts';
import { type Json, Num, Obj } from '../protocols/json.ts';
import type { AnyEndpoint, Protocol } from '../protocols/protocol.ts';
import { markdownTable } from './markdown.ts';

const codes = Object.keys(mayRepeat).filter((code): code is RefusalCode => Object.hasOwn(mayRepeat, code));

/** The clock and chance of a document: the same text at every run. */
const still = { now: () => 0, nonce: (bytes: number) => new Uint8Array(bytes) };

export function refusalsPage(): string {
  return [
    '# Refusals',
    'The closed list of reasons why a request is not carried out, and what each protocol says for it. `outcome-unknown` is answered with the pending word, never the failing one.',
    markdownTable(
      ['refusal', 'may the same request be sent again?', ...merchantProtocols.map(({ name }) => name)],
      codes.map((code) => [
        `\`${code}\``,
        mayRepeat[code] ? 'yes' : 'no',
        ...merchantProtocols.map((protocol) => said(protocol, code)),
      ]),
    ),
    '## By endpoint',
    'Where a protocol says something else depending on the endpoint:',
    ...merchantProtocols.map(byEndpoint),
  ].join('\n\n');
}

/** The plain members of the reply to a refusal of the protocol's first endpoint. */
function said(protocol: Protocol, code: RefusalCode): string {
  return saidAt(protocol, code, protocol.endpoints[0] ?? null);
}

function saidAt(protocol: Protocol, code: RefusalCode, endpoint: AnyEndpoint | null): string {
  try {
    const scene = sceneOf(still, endpoint, nobody, null);
    const members = protocol.refusals[code](new Refusal(code), { scene, endpoint });
    return `\`${plain(members)}\``;
  } catch {
    return 'depends on the request';
  }
}

function plain(members: Obj): string {
  return [...members]
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name}=${textOf(value)}`)
    .join(' ');
}

function textOf(value: Json): string {
  if (value instanceof Num) return value.raw;
  if (value instanceof Obj) return `{${plain(value)}}`;
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' ? String(value) : '…';
}

function byEndpoint(protocol: Protocol): string {
  const rows = codes.flatMap((code) => {
    const usual = said(protocol, code);
    return protocol.endpoints
      .map((endpoint) => ({ endpoint, text: saidAt(protocol, code, endpoint) }))
      .filter(({ text }) => text !== usual)
      .map(({ endpoint, text }) => [`\`${code}\``, endpoint.name, text]);
  });
  return [
    `### ${protocol.name}`,
    rows.length === 0 ? 'The same everywhere.' : markdownTable(['refusal', 'endpoint', 'said'], rows),
  ].join('\n\n');
}
