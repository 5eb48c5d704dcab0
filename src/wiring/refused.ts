/**
 * Requests whose sender could not be believed, kept for the signature doctor: best effort, behind the reply, bounded per second
 * and per merchant, without the headers that are secrets themselves (T093).
 */
import { secretMistake } from '../edge/explain.ts';
import type { Keyring } from '../edge/keyring.ts';
import { isSecretHeader } from '../edge/scrub.ts';
import type { Served } from '../edge/serve.ts';
import type { Caller, Gate } from '../flows/gate.ts';
import type { Protocol, RequestWire } from '../protocols/protocol.ts';
import { keepRefused, slots } from '../store/refused-requests.ts';
import { parties } from './inspections.ts';

const keptPerSecond = 10;
const mostBodyBytes = 32 * 1024;

interface Shelf {
  second: number;
  count: number;
  readonly next: Map<bigint, number>;
}

/** What may be kept nowhere, not even encrypted, is not kept here either: without it the rest could not be examined anyway. */
function holdsUnkept({ unkept = [] }: Protocol, body: Uint8Array): boolean {
  const text = Buffer.from(body).toString('latin1');
  return unkept.some((name) => text.includes(name));
}

const shelves = new WeakMap<Gate, Shelf>();

function shelfOf(gate: Gate): Shelf {
  const second = Math.floor(gate.world.monotonic() / 1000);
  const shelf = shelves.get(gate) ?? { second, count: 0, next: new Map<bigint, number>() };
  shelves.set(gate, shelf);
  if (shelf.second !== second) Object.assign(shelf, { second, count: 0 });
  shelf.count += 1;
  return shelf;
}

/** The next slot of the merchant's ring; a process begins anywhere, so that a restart does not always lose the same ones. */
function slotFor(shelf: Shelf, merchantId: bigint, random: number): number {
  const slot = (shelf.next.get(merchantId) ?? random) % slots;
  shelf.next.set(merchantId, slot + 1);
  return slot;
}

type Refused = Pick<Served<Caller>, 'outcome' | 'why' | 'party'>;

/** Whose it is, as far as that is known, and why it was refused. */
interface Told {
  readonly merchantId: bigint | null;
  /** '' = nobody we know. */
  readonly sender: string;
  readonly why: string;
}

/** A secret in a wrong shape names nobody; it is looked for among so many, and no more. */
const mostLookedAt = 200;

/**
 * What a secret in a header looked like cannot be told once it is gone: its mistake is the reason that is kept. Whoever has the
 * secret and wrote it wrongly is its owner.
 */
function toldOf(gate: Gate, keyring: Keyring, protocol: Protocol, wire: RequestWire, served: Refused): Told {
  const { party, outcome } = served;
  const merchantId = party?.merchant.id ?? null;
  const told = { merchantId, sender: party?.credential.sender ?? '', why: served.why ?? outcome };
  if (!wire.headers.some(([name]) => isSecretHeader(name))) return told;
  const all = parties(gate, keyring, protocol.name, merchantId);
  const asked = party === null ? all.slice(0, mostLookedAt) : all.filter(({ keys }) => keys.sender === told.sender);
  const message = { ...wire, protocol: protocol.name };
  for (const one of asked) {
    const others = party === null ? [] : all.filter((other) => other !== one);
    const mistake = secretMistake(protocol.name, message, one, others);
    if (mistake) return { merchantId: one.owner, sender: one.keys.sender, why: mistake.key };
  }
  return told;
}

/** Which credential is examined later depends on whose secret it was. */
function redacted(sender: string): string {
  return sender === '' ? '[redacted]' : `${sender}.[redacted]`;
}

export function noteRefused(
  gate: Gate,
  keyring: Keyring,
  protocol: Protocol,
  wire: RequestWire,
  served: Refused,
): void {
  if (served.outcome !== 'unauthenticated' || wire.body.byteLength > mostBodyBytes) return;
  const shelf = shelfOf(gate);
  if (shelf.count > keptPerSecond) return;
  const { world } = gate;
  const { merchantId, sender, why } = toldOf(gate, keyring, protocol, wire, served);
  const slot = slotFor(shelf, merchantId ?? 0n, world.nonce(1)[0] ?? 0);
  const id = world.newId();
  const kept = {
    id,
    merchantId,
    at: BigInt(world.now()),
    protocol: protocol.name,
    why,
    method: wire.method,
    target: wire.target.slice(0, 4_096),
    headers: wire.headers.map(([name, value]) => [name, isSecretHeader(name) ? redacted(sender) : value] as const),
    body: holdsUnkept(protocol, wire.body) ? Buffer.alloc(0) : Buffer.from(wire.body),
    remote: wire.remote,
  };
  const doctor = `/console/doctor/${id}`;
  keepRefused(gate.db, slot, kept).then(
    () => world.log.info('request-refused', { protocol: protocol.name, why, doctor }),
    (error: unknown) => world.log.info('refused-request-not-kept', { error: String(error) }),
  );
}
