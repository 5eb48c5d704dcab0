/**
 * The signature doctor: what had to be signed, what was, and which usual mistake turns the one into the other. It tries the
 * mistakes with the real key and tells only which one fits; a key never leaves (T093).
 */
import type { Explanation, RawMessage } from '../core/inspection.ts';
import { Refusal } from '../core/refusal.ts';
import type { World } from '../core/world.ts';
import type { Keys, Protocol, RequestWire } from '../protocols/protocol.ts';
import { explainBestpay } from './explain-bestpay.ts';
import { explainBluepay } from './explain-bluepay.ts';
import { explainFufu } from './explain-fufu.ts';
import { explainPayin } from './explain-payin.ts';
import { explainUnified } from './explain-unified.ts';
import { explainYsepay } from './explain-ysepay.ts';
import { type Explainer, type Finding, finding, headerOf, type KnownParty } from './finding.ts';
import { sceneOf } from './serve.ts';

const explainers: Readonly<Record<string, Explainer>> = {
  bestpay: explainBestpay,
  fufu: explainFufu,
  payin: explainPayin,
  bluepay: explainBluepay,
  unified: explainUnified,
  ysepay: explainYsepay,
};

export function explain(
  world: Pick<World, 'now' | 'nonce'>,
  protocol: Protocol,
  message: RawMessage,
  parties: readonly KnownParty[],
): Explanation {
  const known = parties.filter((party) => party.protocol === protocol.name);
  const sender = senderOf(protocol, message);
  const about = { protocol: protocol.name, sender: sender ?? '' };
  // A callback or a notice names nobody at its head; with one party known, it is that one's.
  const [only] = known;
  const party = known.find(({ keys }) => keys.sender === sender) ?? (known.length === 1 ? only : undefined);
  if (!party) return { ...about, ...nobodyKnown(sender, known) };
  const explainer = explainers[protocol.name];
  const others = known.filter((one) => one !== party);
  const found = explainer
    ? explainer(message, party, others, world.now())
    : byOpening(world, protocol, message, party, others);
  return { ...about, sender: sender ?? party.keys.sender, ...found };
}

function wireOf(message: RawMessage): RequestWire {
  return { kind: 'request', ...message, remote: '' };
}

function senderOf(protocol: Protocol, message: RawMessage): string | null {
  try {
    return protocol.identify(wireOf(message))?.sender ?? null;
  } catch {
    return headerOf(message, 'merchantid');
  }
}

function nobodyKnown(sender: string | null, known: readonly KnownParty[]): Finding {
  if (known.length === 0)
    return finding('unknown-sender', { advice: ['No key of this protocol is known here: give one with --keys FILE.'] });
  return finding('unknown-sender', {
    advice: [
      sender === null || sender === ''
        ? 'The message does not say who sends it: path, method, content type or the naming header is wrong.'
        : `Nobody is known by the name "${sender}". Known: ${known.map(({ keys }) => keys.sender).join(', ')}.`,
    ],
  });
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
  if (why === null) return finding('fits', { advice: ['The signature fits.'] });
  const other = others.find(({ keys }) => refusalOf(world, protocol, message, keys) === null);
  return finding('differs', {
    mistake: other ? `signed with the key of ${other.label}` : null,
    advice: [`${protocol.name} signs so: ${protocol.request.signature}.`, `Refused: ${why}.`],
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
