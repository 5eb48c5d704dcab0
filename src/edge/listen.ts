/** listen: channel → us. A callback is opened, read, recorded and learnt; it is acknowledged only after our commit (T046). */
import type { Report } from '../core/commands.ts';
import { Refusal } from '../core/refusal.ts';
import type { World } from '../core/world.ts';
import type { ReplyWire, RequestWire } from '../protocols/protocol.ts';
import type { Upstream } from './call.ts';
import { proven, sceneOf } from './serve.ts';
import type { Verifier } from './verify-pool.ts';

/** What the rest of the gateway makes of a callback. */
export interface Listener {
  /** Stores the report as evidence. `taken` = committed (also when it changed nothing); `unmatched` = no such reference here. */
  learn(report: Report): Promise<'taken' | 'unmatched'>;
  /** Keeps a callback that is no evidence: forged, not understood, about nothing of ours, or authentic but for another account. */
  record(verdict: NoEvidence): Promise<void>;
}

type NoEvidence = 'forged' | 'unusable' | 'unmatched' | 'foreign';

export interface Heard {
  readonly reply: ReplyWire;
  readonly verdict: 'taken' | 'failed' | NoEvidence;
}

export async function listen(
  world: World,
  upstream: Upstream,
  wire: RequestWire,
  listener: Listener,
  verifier?: Verifier,
): Promise<Heard> {
  const { protocol, keys } = upstream;
  let report: Report;
  try {
    const lane = `listen/${protocol.name}/${keys.sender}/${wire.remote}`;
    const scene = await proven(protocol.notice, wire, sceneOf(world, null, keys, null), verifier, lane);
    report = protocol.readNotice(protocol.notice.open(wire, scene), scene);
  } catch (error) {
    const verdict = verdictOf(error);
    world.log.warn('callback-refused', {
      protocol: protocol.name,
      verdict,
      why: error instanceof Refusal ? error.message : 'the callback cannot be read',
    });
    await listener.record(verdict);
    return { reply: protocol.ack.seal(verdict === 'forged' ? 'forged' : 'again'), verdict };
  }
  try {
    const verdict = await listener.learn(report);
    if (verdict === 'unmatched') await listener.record('unmatched');
    // An order we do not know yet: the channel must come again (T043).
    return { reply: protocol.ack.seal(verdict === 'taken' ? 'taken' : 'again'), verdict };
  } catch (error) {
    world.log.error('callback-not-stored', { protocol: protocol.name, error: String(error) });
    return { reply: protocol.ack.seal('again'), verdict: 'failed' };
  }
}

function verdictOf(error: unknown): 'forged' | 'foreign' | 'unusable' {
  if (!(error instanceof Refusal)) return 'unusable';
  if (error.code === 'unauthenticated') return 'forged';
  return error.detail.why === 'account' ? 'foreign' : 'unusable';
}
