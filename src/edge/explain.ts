/**
 * The signature doctor: what had to be signed, what was, and which usual mistake turns the one into the other. It tries the
 * mistakes with the real key and tells only which one fits; a key never leaves (T093).
 */
import type { Explanation, RawMessage } from '../core/inspection.ts';
import { mendsOf } from '../core/mistakes.ts';
import { Refusal } from '../core/refusal.ts';
import type { World } from '../core/world.ts';
import type { Keys, Protocol, RequestWire } from '../protocols/protocol.ts';
import { explainBestpay } from './explain-bestpay.ts';
import { explainBluepay } from './explain-bluepay.ts';
import { explainFufu } from './explain-fufu.ts';
import { explainPayin } from './explain-payin.ts';
import { explainUnified, headerMistake } from './explain-unified.ts';
import { explainYsepay } from './explain-ysepay.ts';
import { type Explainer, type Finding, finding, headerOf, type KnownParty, ofOther, say } from './finding.ts';
import { sceneOf } from './serve.ts';

const explainers: Readonly<Record<string, Explainer>> = {
  bestpay: explainBestpay,
  fufu: explainFufu,
  payin: explainPayin,
  bluepay: explainBluepay,
  unified: explainUnified,
  ysepay: explainYsepay,
};

/** `isOver`: is the time up? Without it everything is tried. */
export function explain(
  world: Pick<World, 'now' | 'nonce'>,
  protocol: Protocol,
  message: RawMessage,
  parties: readonly KnownParty[],
  isOver: () => boolean = () => false,
): Explanation {
  const known = parties.filter((party) => party.protocol === protocol.name);
  const sender = senderOf(protocol, message);
  const about = { protocol: protocol.name, sender: sender ?? '' };
  // A callback or a notice names nobody at its head; with one party known, it is that one's.
  const [only] = known;
  const party =
    known.find(({ keys }) => keys.sender === sender) ??
    known.find((one) => isSecretBy(protocol, message, one)) ??
    (known.length === 1 ? only : undefined);
  if (!party) return { ...about, ...nobodyKnown(sender, known) };
  const explainer = explainers[protocol.name];
  const others = known.filter((one) => one !== party);
  const found = explainer
    ? explainer(message, party, others, { now: message.receivedAt ?? world.now(), isOver })
    : byOpening(world, protocol, message, party, others);
  // What mends it first, the rule of the protocol and what else is known behind it.
  const isCutShort = found.verdict === 'differs' && found.mistakes.length === 0 && isOver();
  const advice = [...mendsOf(found.mistakes), ...found.advice, ...(isCutShort ? [say('gave-up')] : [])];
  return { ...about, sender: sender ?? party.keys.sender, ...found, advice };
}

/** Protocols that the message may be of, the likeliest first: its path fits and its sender is known, the path fits, the body does. */
export function protocolsOf(
  protocols: readonly Protocol[],
  message: Omit<RawMessage, 'protocol'>,
  parties: readonly KnownParty[],
): readonly string[] {
  const ranked = protocols.map((protocol) => ({ name: protocol.name, rank: rankOf(protocol, message, parties) }));
  return ranked
    .filter(({ rank }) => rank > 0)
    .toSorted((a, b) => b.rank - a.rank)
    .map(({ name }) => name);
}

function rankOf(protocol: Protocol, message: Omit<RawMessage, 'protocol'>, parties: readonly KnownParty[]): number {
  const whole = { ...message, protocol: protocol.name };
  const sender = senderOf(protocol, whole);
  const isKnown = parties.some(
    (party) => party.protocol === protocol.name && (party.keys.sender === sender || isSecretBy(protocol, whole, party)),
  );
  return (isKnown ? 2 : 0) + (hasPath(protocol, message) ? 1 : 0);
}

function hasPath(protocol: Protocol, message: Omit<RawMessage, 'protocol'>): boolean {
  try {
    return protocol.identify(wireOf(message)) !== null;
  } catch {
    // The path is the protocol's; something else is wrong.
    return true;
  }
}

/**
 * What is wrong with a secret that a request carries itself, told before the request is kept without it. Cheap: it may be asked of
 * every request that is refused.
 */
export function secretMistake(protocol: string, message: RawMessage, party: KnownParty, others: readonly KnownParty[]) {
  const given = headerOf(message, 'x-api-key');
  const isHere = explainers[protocol] === explainUnified && given !== null;
  return isHere ? headerMistake(given, party.keys, others) : null;
}

function wireOf({ method, target, headers, body }: Omit<RawMessage, 'protocol'>): RequestWire {
  return { kind: 'request', method, target, headers, body, remote: '' };
}

/** As it came; where its path is none of ours, or is not there at all, as if it had come to the right one. */
function senderOf(protocol: Protocol, message: RawMessage): string | null {
  const [endpoint] = protocol.endpoints;
  const query = message.target.split('?', 2)[1];
  const path = `${endpoint?.path ?? '/'}${query === undefined ? '' : `?${query}`}`;
  const there = { ...message, method: endpoint?.method ?? 'POST', target: path };
  return claimedBy(protocol, message) ?? claimedBy(protocol, there) ?? headerOf(message, 'merchantid');
}

function claimedBy(protocol: Protocol, message: RawMessage): string | null {
  try {
    return protocol.identify(wireOf(message))?.sender ?? null;
  } catch {
    return null;
  }
}

/** Where the secret itself says who it is, mangled or in another header as it may be. */
function isSecretBy({ name }: Protocol, message: RawMessage, party: KnownParty): boolean {
  if (explainers[name] !== explainUnified) return false;
  const [, text = ''] = message.headers.find(([header]) => header === 'x-api-key' || header === 'authorization') ?? [];
  const keyId = /^(?:Bearer )?([a-z0-9]{8,32})\./.exec(text)?.[1];
  return keyId === party.keys.sender || secretMistake(name, message, party, []) !== null;
}

function nobodyKnown(sender: string | null, known: readonly KnownParty[]): Finding {
  if (known.length === 0) return finding('unknown-sender', { advice: [say('no-keys-here')] });
  const names = known.slice(0, 20).map(({ keys }) => keys.sender);
  const advice =
    sender === null || sender === ''
      ? say('nobody-named')
      : say('nobody-known', { sender: sender.slice(0, 80), known: names.join(', ') });
  return finding('unknown-sender', { advice: [advice] });
}

/** For protocols without a row above: opens it with the party's keys, and with the others'. */
function byOpening(
  world: Pick<World, 'now' | 'nonce'>,
  protocol: Protocol,
  message: RawMessage,
  party: KnownParty,
  others: readonly KnownParty[],
): Finding {
  const why = refusalOf(world, protocol, message, party.keys);
  if (why === null) return finding('fits', { advice: [say('fits')] });
  const other = others.find(({ keys }) => refusalOf(world, protocol, message, keys) === null);
  return finding('differs', {
    mistakes: other ? [ofOther(other)] : [],
    advice: [say('refused-so', { why, signature: protocol.request.signature.en })],
  });
}

function refusalOf(
  world: Pick<World, 'now' | 'nonce'>,
  protocol: Protocol,
  message: RawMessage,
  keys: Keys,
): string | null {
  try {
    const wire = wireOf(message);
    protocol.request.open(wire, sceneOf(world, protocol.identify(wire)?.endpoint ?? null, keys, null));
    return null;
  } catch (error) {
    return error instanceof Refusal ? error.message : 'it cannot be read';
  }
}
