/** A ready signed `curl` per protocol: sealed by the protocol itself with the demo merchant's keys, so that it works when pasted. */
import type { Ask, CommandName } from '../core/commands.ts';
import type { World } from '../core/world.ts';
import { endpointFor } from '../edge/call.ts';
import { readPartyFile } from '../edge/party-file.ts';
import { keysAtHand } from '../edge/party-keys.ts';
import { sceneOf } from '../edge/serve.ts';
import { protocolNamed } from '../protocols/all.ts';
import type { EndpointOf, Keys, Protocol, RequestWire } from '../protocols/protocol.ts';
import { demos } from './demo/all.ts';
import type { SandboxMerchant } from './sandbox.ts';

export interface Sample {
  readonly protocol: string;
  readonly about: string;
  readonly command: string;
}

/** Keys that a sandbox merchant signs with, as its own side of the protocol. */
export function merchantKeys(protocol: string, merchant: SandboxMerchant): Keys | null {
  const file = Object.entries(merchant.protocols).find(([name]) => name === protocol)?.[1];
  if (!file) return null;
  const found = protocolNamed(protocol);
  return keysAtHand(found, readPartyFile(found, { ...file }));
}

/** One request of a merchant against a base URL, signed. Null when the protocol has no endpoint for the ask. */
export function sealAsk<C extends CommandName>(
  world: Pick<World, 'now' | 'nonce'>,
  protocol: Protocol,
  keys: Keys,
  baseUrl: string,
  command: C,
  ask: Ask<C>,
): { readonly wire: RequestWire; readonly endpoint: EndpointOf<C> } | null {
  const endpoint = endpointFor(protocol, command, ask);
  const row = protocol.endpoints.find((one) => one.name === endpoint?.name);
  if (!endpoint || !row) return null;
  const scene = sceneOf(world, row, keys, null, `${baseUrl}${endpoint.path}`);
  return { wire: protocol.request.seal(endpoint.ask.write(ask, scene), scene), endpoint };
}

/** A pasted sample must be a new order each time a sandbox starts. */
function sampleNumber(world: Pick<World, 'now' | 'nonce'>, protocol: Protocol, command: CommandName): string {
  if (command === 'pay') return `DEMO${Buffer.from(world.nonce(6)).toString('hex')}`;
  return protocol.numbers.reference('agreement', 0, (bytes) => world.nonce(bytes), world.now());
}

export function sampleCommands(
  world: Pick<World, 'now' | 'nonce'>,
  baseUrl: string,
  merchant: SandboxMerchant,
): Sample[] {
  return Object.values(demos).flatMap(({ protocol: name, sample }) => {
    const protocol = protocolNamed(name);
    const keys = merchantKeys(name, merchant);
    if (!keys) return [];
    const { command, ask } = sample.ask('');
    const numbered = { ...ask, orderNo: sampleNumber(world, protocol, command) };
    const sealed = sealAsk<CommandName>(world, protocol, keys, `${baseUrl}${basePath(keys)}`, command, numbered);
    return sealed ? [{ protocol: name, about: sample.about, command: curlOf(sealed.wire) }] : [];
  });
}

/** A key for one context is used below it; all others at the root. */
export function basePath(keys: Keys): string {
  const context = keys.setting('context');
  return context === null ? '' : `/${context}`;
}

/** The request as a shell command; single quotes in values are escaped for the shell. */
function curlOf(wire: RequestWire): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const headers = wire.headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  const body = wire.body.length > 0 ? [`--data-binary ${quote(Buffer.from(wire.body).toString('utf8'))}`] : [];
  return ['curl -sS', quote(wire.target), ...headers, ...body].join(' ');
}
