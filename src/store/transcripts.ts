/** What was said on the wire about orders: kept for people who look at one, for a while, and never needed to go on. */
import type { Instant } from '../core/world.ts';
import { type Query, named, sql } from './database.ts';

export interface Transcript {
  readonly home: number;
  readonly id: bigint;
  readonly at: Instant;
  readonly side: 'merchant' | 'channel';
  /** The merchant, or the channel. */
  readonly partyId: bigint;
  readonly endpoint: string;
  readonly number: string;
  readonly request: string;
  /** HTTP status; null = no answer was heard. */
  readonly status: number | null;
  readonly reply: string | null;
  readonly outcome: string;
  readonly tookMs: number;
}

export async function insertTranscripts(query: Query, rows: readonly Transcript[]): Promise<void> {
  const of = <T>(pick: (row: Transcript) => T) => rows.map(pick);
  await query.run(
    named(
      'transcripts-insert',
      sql`insert into transcripts (home, id, at, side, party_id, endpoint, number, request, status, reply, outcome, took_ms)
          select * from unnest(${of((r) => r.home)}::smallint[], ${of((r) => r.id)}::bigint[], ${of((r) => r.at)}::bigint[], ${of((r) => r.side)}::text[],
            ${of((r) => r.partyId)}::bigint[], ${of((r) => r.endpoint)}::text[], ${of((r) => r.number)}::text[], ${of((r) => r.request)}::text[],
            ${of((r) => r.status)}::int[], ${of((r) => r.reply)}::text[], ${of((r) => r.outcome)}::text[], ${of((r) => r.tookMs)}::int[])
          on conflict do nothing`,
    ),
  );
}

/** Where to look: numbers mean something only together with who used them. */
export interface Spoken {
  readonly home: number;
  readonly side: Transcript['side'];
  readonly partyId: bigint;
  readonly number: string;
}

/** The latest of each number, oldest first; a merchant may have asked thousands of times. */
export async function transcriptsAbout(query: Query, about: readonly Spoken[], most: number): Promise<Transcript[]> {
  const rows = await query.run<Omit<Transcript, 'at'> & { at: bigint }>(sql`
    select t.home, t.id, t.at, t.side, t.party_id as "partyId", t.endpoint, t.number, t.request, t.status, t.reply, t.outcome, t.took_ms as "tookMs"
    from unnest(${about.map((a) => a.home)}::smallint[], ${about.map((a) => a.side)}::text[], ${about.map((a) => a.partyId)}::bigint[],
        ${about.map((a) => a.number)}::text[]) as a (home, side, party_id, number)
      cross join lateral (select * from transcripts t
        where t.home = a.home and t.number = a.number and t.side = a.side and t.party_id = a.party_id order by t.id desc limit ${most}) t
    order by t.id`);
  return rows.map((row) => ({ ...row, at: Number(row.at) }));
}

/** Forgets the oldest of a home that were kept since before `before`. → how many */
export async function forgetTranscripts(query: Query, home: number, before: Instant, most: number): Promise<number> {
  const rows = await query.run<{ id: bigint }>(sql`
    with oldest as (select home, id from transcripts where home = ${home} order by id limit ${most})
    delete from transcripts t using oldest o where t.home = o.home and t.id = o.id and t.at < ${before} returning t.id`);
  return rows.length;
}
