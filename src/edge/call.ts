/** call: us → channel. One command, one request, and a sum that has no "failed": nothing sent, no usable answer, or an answer. */
import type { Ask, CallOutcome, CommandName } from '../core/commands.ts';
import { Refusal } from '../core/refusal.ts';
import type { OutboundRequest, Sent, World } from '../core/world.ts';
import type { EndpointOf, Keys, Protocol, ReplyWire, RequestWire, Scene } from '../protocols/protocol.ts';
import { sceneOf } from './serve.ts';

export interface Upstream {
  readonly protocol: Protocol;
  readonly baseUrl: string;
  readonly keys: Keys;
}

/** One exchange with a channel as it went over the wire, told after its outcome is known. */
export interface Exchanged {
  readonly endpoint: string;
  readonly ask: Ask;
  readonly request: OutboundRequest;
  readonly sent: Sent;
  readonly outcome: string;
}

const connectTimeoutMs = 5_000;
const maxResponseBytes = 256 * 1024;

/** The endpoint that carries out this ask, or null when the protocol cannot. */
export function endpointFor<C extends CommandName>(protocol: Protocol, command: C, ask: Ask<C>): EndpointOf<C> | null {
  const found = protocol.endpoints.find((row) => {
    const candidate: EndpointOf<CommandName> = row;
    return candidate.command === command && (candidate.suits?.(ask) ?? true);
  });
  // The row's command is C, so its messages are C's; TypeScript cannot narrow a generic by a property.
  return (found as EndpointOf<C> | undefined) ?? null;
}

/** Never throws: what cannot be said in the channel's protocol was not sent. */
export async function call<C extends CommandName>(
  world: World,
  upstream: Upstream,
  command: C,
  ask: Ask<C>,
  tell: (exchanged: Exchanged) => void = () => undefined,
): Promise<CallOutcome<C>> {
  const { protocol, keys } = upstream;
  const endpoint = endpointFor(protocol, command, ask);
  if (!endpoint) return { kind: 'not-sent', why: `${protocol.name} has no ${command} for this` };
  const url = `${(keys.setting(`url.${endpoint.name}`) ?? upstream.baseUrl).replace(/\/$/, '')}${endpoint.path}`;
  const row = protocol.endpoints.find((candidate) => candidate.name === endpoint.name) ?? null;
  const scene = sceneOf(world, row, keys, null, url);
  let wire: RequestWire;
  try {
    wire = protocol.request.seal(endpoint.ask.write(ask, scene), scene);
  } catch (error) {
    world.log.warn('ask-unsayable', { protocol: protocol.name, endpoint: endpoint.name, why: String(error) });
    return { kind: 'not-sent', why: error instanceof Refusal ? error.message : 'the request cannot be written' };
  }
  const request = outbound(wire);
  const sent = await world.send(request, {
    connectTimeoutMs,
    totalTimeoutMs: endpoint.timeoutMs,
    maxResponseBytes,
    targets: 'any',
  });
  const outcome = meantBy(endpoint, ask, readSent(world, upstream, endpoint, scene, sent));
  tell({ endpoint: endpoint.name, ask, request, sent, outcome: outcome.kind });
  return outcome;
}

function meantBy<C extends CommandName>(endpoint: EndpointOf<C>, ask: Ask<C>, outcome: CallOutcome<C>): CallOutcome<C> {
  if (outcome.kind !== 'answered' || !endpoint.meant) return outcome;
  return { kind: 'answered', answer: endpoint.meant(outcome.answer, ask) };
}

export function outbound(wire: RequestWire): OutboundRequest {
  return {
    method: wire.method === 'GET' ? 'GET' : 'POST',
    url: wire.target,
    headers: Object.fromEntries(wire.headers),
    body: wire.body,
  };
}

function readSent<C extends CommandName>(
  world: World,
  upstream: Upstream,
  endpoint: EndpointOf<C>,
  scene: Scene,
  sent: Sent,
): CallOutcome<C> {
  switch (sent.kind) {
    case 'NOT_SENT':
      return { kind: 'not-sent', why: sent.why };
    case 'UNKNOWN':
      return { kind: 'unknown', why: sent.why };
    case 'ANSWER':
      if (sent.truncated) return { kind: 'unknown', why: 'the answer is too long' };
      return readReply(world, upstream, endpoint, scene, {
        kind: 'reply',
        status: sent.status,
        headers: Object.entries(sent.headers),
        body: sent.body,
      });
  }
}

/** A reply that does not open or does not parse says nothing about the order: unknown. */
function readReply<C extends CommandName>(
  world: World,
  { protocol }: Upstream,
  endpoint: EndpointOf<C>,
  scene: Scene,
  reply: ReplyWire,
): CallOutcome<C> {
  try {
    const openedReply = protocol.reply.open(reply, scene);
    const verdict = protocol.judge(openedReply, scene);
    if (verdict.kind === 'unknown') return { kind: 'unknown', why: `${verdict.code} ${verdict.text}`.trim() };
    if (verdict.kind !== 'answered') return verdict;
    return { kind: 'answered', answer: endpoint.answer.read(openedReply, scene) };
  } catch (error) {
    const why = error instanceof Refusal ? error.message : 'the answer cannot be read';
    world.log.warn('reply-unusable', { protocol: protocol.name, endpoint: endpoint.name, status: reply.status, why });
    return { kind: 'unknown', why: `HTTP ${reply.status}: ${why}` };
  }
}
