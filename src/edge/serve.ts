/**
 * serve: merchant → us. Bytes become a command, the answer becomes bytes; every refusal is caught here once and written in
 * the protocol's own grammar. The gateway and every twin are served by this one function.
 *
 *   bytes → identify (who, which endpoint) → party → address → open (signature) → read (command) → carry out → write → seal
 */
import { createHash } from 'node:crypto';
import { BlockList, isIPv6 } from 'node:net';
import type { Answer, Ask, CommandName } from '../core/commands.ts';
import { Refusal } from '../core/refusal.ts';
import type { World } from '../core/world.ts';
import { canonicalJson } from '../protocols/json.ts';
import type {
  AnyEndpoint,
  Claim,
  EndpointOf,
  Keys,
  Leg,
  Opened,
  Protocol,
  ReplyWire,
  RequestWire,
  Scene,
} from '../protocols/protocol.ts';
import { nobody } from './keyring.ts';
import type { Verifier } from './verify-pool.ts';

/** Whoever may speak: its keys, and what the carrier needs to know it by. */
export interface Party<P> {
  readonly keys: Keys;
  /** CIDR list; empty = from anywhere. */
  readonly addresses: readonly string[];
  readonly is: P;
}

export interface Request<P, C extends CommandName = CommandName> {
  readonly party: P;
  readonly endpoint: EndpointOf<C>;
  readonly ask: Ask<C>;
  /** SHA-256 over the content, without signatures, nonces and time stamps: tells a repeat from a conflict. */
  readonly fingerprint: Uint8Array;
}

export interface Server<P> {
  readonly world: World;
  /** The party of a name, or null. The same answer for unknown and disabled. */
  find(protocol: Protocol, sender: string): Party<P> | null;
  carryOut(request: Request<P>): Promise<Answer>;
  /** Makes costly checks beside the event loop; without it they are made on the spot. */
  readonly verifier?: Verifier;
}

/** What happened, for metrics, log and transcript. */
export interface Served<P> {
  readonly reply: ReplyWire;
  readonly endpoint: AnyEndpoint | null;
  readonly party: P | null;
  /** What was asked for, when it came to that. */
  readonly ask: Ask | null;
  /** 'answered' or the refusal's code. */
  readonly outcome: string;
  readonly why: string | null;
}

/** Null when the path is none of the protocol's. Never throws. */
export async function serve<P>(protocol: Protocol, wire: RequestWire, server: Server<P>): Promise<Served<P> | null> {
  const progress: Progress<P> = { claim: null, party: null, request: null, ask: null };
  try {
    progress.claim = protocol.identify(wire);
    if (!progress.claim) return null;
    const reply = await answer(protocol, wire, server, progress, progress.claim);
    return {
      reply,
      endpoint: progress.claim.endpoint,
      party: progress.party?.is ?? null,
      ask: progress.ask,
      outcome: 'answered',
      why: null,
    };
  } catch (error) {
    return refuse(protocol, server, progress, error);
  }
}

interface Progress<P> {
  claim: Claim | null;
  party: Party<P> | null;
  request: Opened | null;
  ask: Ask | null;
}

async function answer<P>(
  protocol: Protocol,
  wire: RequestWire,
  server: Server<P>,
  progress: Progress<P>,
  claim: Claim,
): Promise<ReplyWire> {
  const party = server.find(protocol, claim.sender);
  if (!party) throw claim.flaw ?? new Refusal('unauthenticated', { why: 'unknown-merchant' });
  progress.party = party;
  if (claim.flaw) throw claim.flaw;
  if (!allowedFrom(party.addresses, wire.remote)) throw new Refusal('forbidden', { why: 'address' });
  const opening = sceneOf(server.world, claim.endpoint, party.keys, null);
  const lane = `${protocol.name}/${claim.sender}/${wire.remote}`;
  const request = protocol.request.open(wire, await proven(protocol.request, wire, opening, server.verifier, lane));
  progress.request = request;
  const scene = sceneOf(server.world, claim.endpoint, party.keys, request);
  const endpoint: EndpointOf<CommandName> = claim.endpoint;
  const ask = endpoint.ask.read(request, scene);
  progress.ask = ask;
  const given = await server.carryOut({
    party: party.is,
    endpoint,
    ask,
    fingerprint: fingerprintOf(claim.endpoint, request),
  });
  return protocol.reply.seal(endpoint.answer.write(given, scene), scene);
}

/** The scene with the outcomes of what is too costly to be checked on the spot. */
export async function proven<W>(
  leg: Leg<W>,
  wire: W,
  scene: Scene,
  verifier: Verifier | undefined,
  lane: string,
): Promise<Scene> {
  const checks = verifier ? (leg.costly?.(wire, scene.keys) ?? []) : [];
  return verifier && checks.length > 0 ? { ...scene, proofs: await verifier.prove(lane, checks) } : scene;
}

function refuse<P>(protocol: Protocol, server: Server<P>, progress: Progress<P>, error: unknown): Served<P> {
  const refusal = asRefusal(error, server.world);
  const endpoint = progress.claim?.endpoint ?? null;
  const scene = sceneOf(server.world, endpoint, progress.party?.keys ?? nobody, progress.request);
  const marks = progress.claim?.marks ?? {};
  const fields = protocol.refusals[refusal.code](refusal, { scene, endpoint, marks });
  return {
    reply: protocol.reply.seal(fields, scene),
    endpoint,
    party: progress.party?.is ?? null,
    ask: progress.ask,
    outcome: refusal.code,
    why: refusal.detail.why ?? refusal.detail.field ?? null,
  };
}

/** Anything that is not a Refusal is our own fault: logged here, and told as `internal` without a word of detail. */
function asRefusal(error: unknown, world: World): Refusal {
  if (error instanceof Refusal) return error;
  world.log.error('serve-failed', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  return new Refusal('internal');
}

export function sceneOf(
  world: Pick<World, 'now' | 'nonce'>,
  endpoint: AnyEndpoint | null,
  keys: Keys,
  request: Opened | null,
  url = '',
): Scene {
  return { endpoint, keys, moment: world.now(), nonce: (bytes) => world.nonce(bytes), url, request };
}

function fingerprintOf(endpoint: AnyEndpoint, request: Opened): Uint8Array {
  return createHash('sha256')
    .update(`${endpoint.name}\n${canonicalJson(request.fields, endpoint.volatile)}`)
    .digest();
}

const lists = new WeakMap<readonly string[], BlockList>();

/** Is the address inside one of the networks ("10.0.0.0/8", "::1")? An empty list allows every address. */
function allowedFrom(networks: readonly string[], address: string): boolean {
  if (networks.length === 0) return true;
  let list = lists.get(networks);
  if (!list) {
    list = new BlockList();
    for (const network of networks) {
      const [base = '', prefix] = network.split('/');
      const family = isIPv6(base) ? 'ipv6' : 'ipv4';
      list.addSubnet(base, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family);
    }
    lists.set(networks, list);
  }
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}
