/**
 * Compares a channel's statement of a day with our books. The statement is stored whole or not at all; the same statement again is the same
 * run, compared anew. What differs is kept until a person has decided it; no merchant waits for any of this.
 */
import { daySpan, isDay, isZone } from '../core/days.ts';
import { Refusal } from '../core/refusal.ts';
import { type Compared, type Difference, markOf, type Sum, sumsOf } from '../core/reconciliation.ts';
import type { StatementLine } from '../core/statement.ts';
import type { ChannelRow } from '../store/directory.ts';
import {
  countDifferences,
  differencesOf,
  homeOfChannel,
  keepStatement,
  linesOfRun,
  type ListedRun,
  listRuns,
  noteLearnt,
  noteResult,
  type Run,
  type RunResult,
} from '../store/reconciliations.ts';
import { change, type Office } from './administer.ts';
import { compareDay, marginMs } from './compare-day.ts';
import type { Gate } from './gate.ts';
import { learnDifference, type OfRun, recordDifference } from './keep-difference.ts';
import { takeBack } from './take-back.ts';

/** A statement as it came: from the channel, or as a file that a person has. */
export interface Statement {
  readonly source: 'channel' | 'file';
  /** SHA-256 of its bytes. */
  readonly digest: Uint8Array;
  readonly lines: readonly StatementLine[];
}

export interface Reconciled {
  /** Null = a dry run. */
  readonly run: bigint | null;
  readonly zone: string;
  readonly lines: number;
  readonly matched: number;
  readonly carried: number;
  readonly sums: readonly Sum[];
  /** What this comparison found. */
  readonly differences: readonly Difference[];
  /** Differences of the run that nobody has decided; 0 for a dry run. */
  readonly open: number;
}

type Desk = Pick<Office, 'gate'>;

/** The zone the channel counts its days in. Throws `invalid-request` for a day that is none, or has not begun. */
function zoneFor(gate: Gate, channel: ChannelRow, day: string): string {
  const zone = gate.facts.setting(channel, 'zone') ?? 'Asia/Shanghai';
  if (!isZone(zone)) throw new Refusal('invalid-request', { field: 'zone', text: `${channel.name}: no zone ${zone}` });
  if (!isDay(day)) throw new Refusal('invalid-request', { field: 'day', text: 'a day such as 2030-01-31' });
  if (daySpan(day, zone).from > gate.world.now())
    throw new Refusal('invalid-request', { field: 'day', text: `it has not begun in ${zone}` });
  return zone;
}

/** Fetched from the channel. Throws `channel-unavailable` with the reason when it has none to give. */
export async function statementOf({ gate }: Desk, channel: ChannelRow, day: string): Promise<Statement> {
  zoneFor(gate, channel, day);
  const fetched = await gate.statement(channel, day);
  if (fetched.kind === 'none') throw new Refusal('channel-unavailable', { text: fetched.why });
  return { source: 'channel', digest: fetched.digest, lines: fetched.lines };
}

/** Compares and stores nothing. */
export async function tryDay(
  { gate }: Desk,
  channel: ChannelRow,
  day: string,
  { lines }: Statement,
): Promise<Reconciled> {
  const zone = zoneFor(gate, channel, day);
  checkDay(lines, day, zone);
  return shown(null, zone, lines, await compareDay(gate, channel, day, zone, lines), 0);
}

/**
 * Stores the statement and compares it. `learns`: what its lines say about orders goes through the one door. `isAnyway`: although no line is
 * about an order of ours.
 */
export async function reconcileDay(
  desk: Desk,
  actor: string,
  channel: ChannelRow,
  day: string,
  statement: Statement,
  { learns, isAnyway }: { readonly learns: boolean; readonly isAnyway: boolean },
): Promise<Reconciled> {
  const { gate } = desk;
  const { lines, source, digest } = statement;
  const zone = zoneFor(gate, channel, day);
  checkDay(lines, day, zone);
  const compared = await compareDay(gate, channel, day, zone, lines);
  if (!isAnyway) checkIsOurs(lines, compared);
  const key = { home: homeOfChannel(channel.id), id: gate.world.newId() };
  const made = { ...key, channelId: channel.id, day, zone, source, digest, by: actor, at: gate.world.now() };
  const id = await gate.db.transaction((query) => keepStatement(query, made, lines));
  return finish(desk, actor, { ...made, id }, lines, compared, learns);
}

type Finishing = Pick<Run, 'home' | 'id' | 'channelId' | 'day' | 'zone' | 'source'>;

/** Keeps what was found, lets it be learnt, and notes the result last: a run without one was interrupted, and is simply done again. */
async function finish(
  desk: Desk,
  actor: string,
  run: Finishing,
  lines: readonly StatementLine[],
  compared: Compared,
  learns: boolean,
): Promise<Reconciled> {
  const { gate } = desk;
  const { id, channelId: channel, day, source } = run;
  await record(gate, run, compared.differences);
  if (learns) await learnRun(gate, run, actor);
  if (learns) await takeBack(gate, channel, compared);
  const detail = { run: id, channel, day, source, lines: lines.length, differences: compared.differences.length };
  await change(desk, actor, 'statement.compare', detail, (query) =>
    noteResult(query, run, gate.world.now(), resultOf(lines, compared)),
  );
  const { open } = await countDifferences(gate.db, run);
  return shown(id, run.zone, lines, compared, open);
}

const recordedAtOnce = 50;

async function record(gate: Gate, run: OfRun, found: readonly Difference[]) {
  const present = new Set(found.map(markOf));
  for (let from = 0; from < found.length; from += recordedAtOnce)
    await gate.db.transaction(async (query) => {
      for (const one of byMark(found.slice(from, from + recordedAtOnce)))
        await recordDifference(gate, query, run, one, present);
    });
}

/** In one order everywhere, so that two comparisons at once wait for each other instead of standing in each other's way. */
function byMark(found: readonly Difference[]): Difference[] {
  return [...found].sort((one, other) => (markOf(one) < markOf(other) ? -1 : 1));
}

const learntAtOnce = 200;

/** Gives the door what the differing lines of a run say, those it has not been given yet. */
async function learnRun(gate: Gate, run: OfRun, by: string): Promise<void> {
  for (let after = 0n; ; ) {
    const found = await differencesOf(gate.db, run, after, learntAtOnce);
    for (const one of found) await learnDifference(gate, run, one);
    after = found.at(-1)?.id ?? after;
    if (found.length < learntAtOnce) break;
  }
  await noteLearnt(gate.db, run, by);
}

/** For a statement by file: somebody else has agreed that it is the channel's word. */
export async function learnStatement(desk: Desk, actor: string, run: Run): Promise<void> {
  await learnRun(desk.gate, run, actor);
  await change(
    desk,
    actor,
    'statement.learn',
    { run: run.id, channel: run.channelId, day: run.day },
    async () => undefined,
  );
}

/** Compares the stored statement of a run anew, as somebody may have mended something. */
export async function compareAgain(desk: Desk, actor: string, run: Run): Promise<Reconciled> {
  const { gate } = desk;
  const channel = gate.directory().channels.get(run.channelId);
  if (!channel) throw new Refusal('not-found', { text: 'no such channel' });
  const lines = await linesOfRun(gate.db, run);
  const compared = await compareDay(gate, channel, run.day, run.zone, lines);
  return finish(desk, actor, run, lines, compared, run.source === 'channel' || run.learntBy !== null);
}

/** By its id. Throws `not-found`. */
export async function runNamed(gate: Gate, id: bigint): Promise<ListedRun> {
  const homes = [...new Set([...gate.directory().channels.keys()].map(homeOfChannel))];
  const filter = { homes, channelId: null, day: null, state: null, id };
  const [run] = await listRuns(gate.db, filter, { before: null, limit: 1 });
  if (!run) throw new Refusal('not-found', { text: 'no such run' });
  return run;
}

/** A file of another day would say that everything differs. */
function checkDay(lines: readonly StatementLine[], day: string, zone: string): void {
  const { from, to } = daySpan(day, zone);
  const stray = lines.find(({ at }) => at !== null && (at < from - marginMs || at >= to + marginMs));
  if (stray) throw new Refusal('invalid-request', { text: `line ${stray.no} is not of ${day} in ${zone}` });
}

/** So many lines, and none about an order of ours: it is another channel's file. */
const strangers = 3;

function checkIsOurs(lines: readonly StatementLine[], { differences }: Compared): void {
  const strange = differences.filter(({ type, booked }) => type === 'unknown-here' && booked === null);
  if (lines.length >= strangers && strange.length === lines.length)
    throw new Refusal('conflict', {
      why: 'strange-statement',
      text: 'no line is about an order of ours: is it this channel’s?',
    });
}

function resultOf(lines: readonly StatementLine[], compared: Compared): RunResult {
  const text = ({ count, minor }: Sum['ours']) => ({ count, minor: String(minor) });
  return {
    matched: compared.matched.length,
    carried: compared.carried.length,
    sums: sumsOf(lines, compared).map(({ kind, currency, theirs, ours, fees }) => ({
      kind,
      currency,
      theirs: text(theirs),
      ours: text(ours),
      fees: String(fees),
    })),
  };
}

function shown(
  run: bigint | null,
  zone: string,
  lines: readonly StatementLine[],
  compared: Compared,
  open: number,
): Reconciled {
  const { matched, carried, differences } = compared;
  return {
    run,
    zone,
    lines: lines.length,
    matched: matched.length,
    carried: carried.length,
    sums: sumsOf(lines, compared),
    differences,
    open,
  };
}
