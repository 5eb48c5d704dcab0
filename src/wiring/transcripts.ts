/**
 * Keeps what was said on the wire about orders: best effort, behind the reply, in batches. Nothing waits for it, and what the
 * database cannot take is dropped and counted in the log: an order never fails because its transcript does.
 */
import { numbersIn } from '../core/commands.ts';
import type { World } from '../core/world.ts';
import type { Exchanged } from '../edge/call.ts';
import { transcriptOf } from '../edge/scrub.ts';
import type { Served } from '../edge/serve.ts';
import type { Caller } from '../flows/gate.ts';
import type { Protocol, RequestWire } from '../protocols/protocol.ts';
import { Batcher } from '../store/batch.ts';
import type { Database } from '../store/database.ts';
import type { ChannelRow } from '../store/directory.ts';
import { forgetTranscripts, insertTranscripts, type Transcript } from '../store/transcripts.ts';

export interface Transcripts {
  served(protocol: Protocol, wire: RequestWire, served: Served<Caller>, tookMs: number): void;
  called(channel: ChannelRow, protocol: Protocol, exchanged: Exchanged, tookMs: number): void;
}

/** A missing one is told at most so often. */
const tellEveryMs = 60_000;

export function keepTranscripts(world: World, db: Database): Transcripts {
  const batch = new Batcher<Transcript, null>({
    name: 'transcripts',
    lanes: 1,
    maxQueued: 1_024,
    run: async (rows) => {
      await insertTranscripts(db, rows);
      return rows.map(() => null);
    },
  });
  let missing = 0;
  let toldAt = world.monotonic() - tellEveryMs;
  const lost = (error: unknown) => {
    missing += 1;
    if (world.monotonic() - toldAt < tellEveryMs) return;
    world.log.warn('transcripts-not-kept', { count: missing, error: String(error) });
    toldAt = world.monotonic();
    missing = 0;
  };
  const keep = (row: Omit<Transcript, 'id'>) => void batch.add({ ...row, id: world.newId() }).catch(lost);

  return {
    served(protocol, wire, { ask, party, endpoint, reply, outcome, why }, tookMs) {
      const number = ask === null ? undefined : numbersIn(ask)[0];
      if (number === undefined || !party || !endpoint) return;
      keep({
        home: party.merchant.home,
        at: world.now() - tookMs,
        side: 'merchant',
        partyId: party.merchant.id,
        endpoint: endpoint.name,
        number,
        request: transcriptOf(protocol, `${wire.method} ${wire.target}`, wire.headers, wire.body),
        status: reply.status,
        reply: transcriptOf(protocol, `HTTP ${reply.status}`, reply.headers, reply.body),
        outcome: [outcome, why].filter(Boolean).join(' '),
        tookMs,
      });
    },
    called(channel, protocol, { endpoint, ask, request, sent, outcome }, tookMs) {
      const [number] = numbersIn(ask);
      if (number === undefined) return;
      const heard = sent.kind === 'ANSWER' ? sent : null;
      keep({
        // By what the reference says itself, so that it is found again from the reference alone.
        home: protocol.numbers.homeOf(number) ?? 0,
        at: world.now() - tookMs,
        side: 'channel',
        partyId: channel.id,
        endpoint,
        number,
        request: transcriptOf(
          protocol,
          `${request.method} ${request.url}`,
          Object.entries(request.headers),
          request.body,
        ),
        status: heard?.status ?? null,
        reply: heard && transcriptOf(protocol, `HTTP ${heard.status}`, Object.entries(heard.headers), heard.body),
        outcome: sent.kind === 'ANSWER' ? outcome : `${outcome} ${sent.why}`,
        tookMs,
      });
    },
  };
}

const dayMs = 86_400_000;
const forgottenAtOnce = 1_000;

/** What is older than so many days goes, home by home, a little at a time. */
export async function forgetOld(world: World, db: Database, homes: readonly number[], days: number): Promise<void> {
  const before = world.now() - days * dayMs;
  for (const home of homes) while ((await forgetTranscripts(db, home, before, forgottenAtOnce)) === forgottenAtOnce);
}
