/** Statements of channels as they were taken in, what a comparison found, and the reviews it has opened. */
import type { Currency } from '../core/money.ts';
import { money } from '../core/money.ts';
import type { Key, Kind } from '../core/order.ts';
import type { DifferenceType } from '../core/reconciliation.ts';
import type { LineState, StatementLine } from '../core/statement.ts';
import type { Instant } from '../core/world.ts';
import { type Query, type Sql, sql } from './database.ts';

/** Everything of a channel's statements lies in one home. */
export function homeOfChannel(channelId: bigint): number {
  return Number(channelId % 256n);
}

export interface NewRun extends Key {
  readonly channelId: bigint;
  readonly day: string;
  readonly zone: string;
  readonly source: 'channel' | 'file';
  readonly digest: Uint8Array;
  readonly by: string;
  readonly at: Instant;
}

const insertedAtOnce = 5_000;

/** Stores a statement whole, or finds the run that has it already. → the run's id. Give it a transaction. */
export async function keepStatement(query: Query, run: NewRun, lines: readonly StatementLine[]): Promise<bigint> {
  const { home, channelId, day, digest } = run;
  const made = await query.run(sql`
    insert into reconciliations (home, id, channel_id, day, zone, source, digest, lines, begun_by, begun_at)
    values (${home}, ${run.id}, ${channelId}, ${day}, ${run.zone}, ${run.source}, ${Buffer.from(digest)}, ${lines.length}, ${run.by}, ${run.at})
    on conflict (home, channel_id, day, digest) do nothing returning id`);
  if (made.length === 0) {
    const [known] = await query.run<{ id: bigint }>(sql`
      select id from reconciliations where home = ${home} and channel_id = ${channelId} and day = ${day} and digest = ${Buffer.from(digest)}`);
    if (!known) throw new Error('the run that stood in the way is gone');
    return known.id;
  }
  for (let from = 0; from < lines.length; from += insertedAtOnce)
    await insertLines(query, run, lines.slice(from, from + insertedAtOnce));
  return run.id;
}

async function insertLines(query: Query, { home, id, channelId }: NewRun, lines: readonly StatementLine[]) {
  const of = <T>(pick: (line: StatementLine) => T) => lines.map(pick);
  await query.run(sql`
    insert into statement_lines (home, run_id, no, channel_id, kind, reference, upstream_no, amount, currency, state, at, fee)
    select ${home}, ${id}, no, ${channelId}, kind, reference, upstream_no, amount, currency, state, at, fee
    from unnest(${of((l) => l.no)}::int[], ${of((l) => l.kind)}::text[], ${of((l) => l.reference)}::text[], ${of((l) => l.upstreamNo)}::text[],
      ${of((l) => l.money.minor)}::bigint[], ${of((l) => l.money.currency)}::text[], ${of((l) => l.state)}::text[], ${of((l) => l.at)}::bigint[],
      ${of((l) => l.fee)}::bigint[]) as l (no, kind, reference, upstream_no, amount, currency, state, at, fee)`);
}

/** Has a statement of that day been taken in? */
export async function hasStatement(query: Query, channelId: bigint, day: string): Promise<boolean> {
  const rows = await query.run(sql`
    select id from reconciliations where home = ${homeOfChannel(channelId)} and channel_id = ${channelId} and day = ${day} limit 1`);
  return rows.length > 0;
}

/** Those references that statements of other days list as moved, as `kind/reference`. */
export async function movedElsewhere(
  query: Query,
  channelId: bigint,
  day: string,
  references: readonly string[],
): Promise<string[]> {
  const home = homeOfChannel(channelId);
  const rows = await query.run<{ name: string }>(sql`
    select distinct l.kind || '/' || l.reference as name from statement_lines l
    join reconciliations r on r.home = l.home and r.id = l.run_id
    where l.home = ${home} and l.channel_id = ${channelId} and l.reference = any(${[...references]}::text[])
      and l.state in ('paid', 'returned') and r.day <> ${day}`);
  return rows.map(({ name }) => name);
}

export interface NewDifference {
  readonly id: bigint;
  readonly mark: string;
  readonly type: DifferenceType;
  readonly kind: Kind;
  readonly amount: bigint;
  readonly currency: Currency;
  readonly isMoney: boolean;
  readonly lineNo: number | null;
  readonly order: Key | null;
  readonly review: Key;
  readonly at: Instant;
}

/** A difference of a run; one that the run has already stays as it is. */
export async function keepDifference(query: Query, run: Key, one: NewDifference): Promise<void> {
  await query.run(sql`
    insert into differences (home, id, run_id, mark, type, kind, amount, currency, is_money, line_no, order_home, order_id, review_home,
      review_id, found_at)
    values (${run.home}, ${one.id}, ${run.id}, ${one.mark}, ${one.type}, ${one.kind}, ${one.amount}, ${one.currency}, ${one.isMoney},
      ${one.lineNo}, ${one.order?.home ?? null}, ${one.order?.id ?? null}, ${one.review.home}, ${one.review.id}, ${one.at})
    on conflict (home, run_id, mark) do nothing`);
}

/** The review of a difference, whoever opened it and whether or not it is open still; null = there is none yet. */
export async function reviewOfMark(
  query: Query,
  home: number,
  channelId: bigint,
  mark: string,
): Promise<bigint | null> {
  const [row] = await query.run<{ id: bigint }>(sql`
    select id from reviews where home = ${home} and channel_id = ${channelId} and detail ? 'mark' and detail ->> 'mark' = ${mark}`);
  return row?.id ?? null;
}

/** The channel's own numbers that statements have had beside a reference, for the same sum. */
export async function numbersBeside(query: Query, channelId: bigint, line: StatementLine): Promise<(string | null)[]> {
  const rows = await query.run<{ upstream_no: string | null }>(sql`
    select distinct upstream_no from statement_lines
    where home = ${homeOfChannel(channelId)} and channel_id = ${channelId} and reference = ${line.reference} and kind = ${line.kind}
      and state = ${line.state} and state in ('paid', 'returned') and amount = ${line.money.minor} and currency = ${line.money.currency}`);
  return rows.map((row) => row.upstream_no);
}

/** A review with one of these marks that is about that sum, `<minor> <currency>`. */
export async function reviewOfSum(
  query: Query,
  home: number,
  channelId: bigint,
  marks: readonly string[],
  reported: string,
): Promise<bigint | null> {
  const [row] = await query.run<{ id: bigint }>(sql`
    select id from reviews where home = ${home} and channel_id = ${channelId} and detail ? 'mark'
      and detail ->> 'mark' = any(${[...marks]}::text[]) and detail ->> 'reported' = ${reported} order by id limit 1`);
  return row?.id ?? null;
}

/** Whoever brings a review's sum into suspense, or takes it out, does so alone. */
export async function lockReview(query: Query, { home, id }: Key): Promise<void> {
  await query.run(sql`select id from reviews where home = ${home} and id = ${id} for update`);
}

/** Has anything been brought into suspense for it? Locks it, so that nobody else does meanwhile. */
export async function hasEntry(query: Query, { home, id }: Key): Promise<boolean> {
  await lockReview(query, { home, id });
  const rows = await query.run(sql`select reason from moves where home = ${home} and object_id = ${id} limit 1`);
  return rows.length > 0;
}

/** A review of a line that the books had no place for, and what has become of its sum. */
interface Entry {
  readonly review: Key;
  readonly mark: string;
  /** It still lies in suspense. */
  readonly isOpen: boolean;
}

export async function entriesOf(query: Query, channelId: bigint): Promise<Entry[]> {
  const rows = await query.run<Key & { mark: string; is_open: boolean }>(sql`
    select r.home, r.id, r.detail ->> 'mark' as mark, not exists (select from moves s
        where s.home = r.home and s.object_id = r.id and s.reason like 'settled/%') as is_open
    from reviews r where r.home between 0 and 255 and r.channel_id = ${channelId} and r.detail ? 'mark'
      and r.reason in ('statement-unknown-here', 'statement-line-twice')
      and exists (select from moves m where m.home = r.home and m.object_id = r.id)`);
  return rows.map(({ home, id, mark, is_open: isOpen }) => ({ review: { home, id }, mark, isOpen }));
}

/** Has the sum of a review been given to a merchant (or been taken from one)? */
export async function isMerchants(query: Query, { id }: Key): Promise<boolean> {
  const rows = await query.run(sql`
    select reason from moves where home between 0 and 255 and object_id = ${id} and reason like 'merchant/%' limit 1`);
  return rows.length > 0;
}

/** A review that a comparison has opened; null when there is none of that id. */
export async function statementReview(query: Query, id: bigint): Promise<Key | null> {
  const [row] = await query.run<Key>(sql`
    select home, id from reviews where home between 0 and 255 and id = ${id} and detail ? 'mark'`);
  return row ?? null;
}

export interface FoundDifference extends Omit<NewDifference, 'at'> {
  readonly reference: string | null;
  readonly upstreamNo: string | null;
  readonly lineState: LineState | null;
  readonly lineAt: Instant | null;
  readonly outcome: string | null;
  readonly isOpen: boolean;
  readonly foundAt: Instant;
}

interface DifferenceRow {
  id: bigint;
  mark: string;
  type: DifferenceType;
  kind: Kind;
  amount: bigint;
  currency: Currency;
  is_money: boolean;
  line_no: number | null;
  order_home: number | null;
  order_id: bigint | null;
  review_home: number;
  review_id: bigint;
  outcome: string | null;
  found_at: bigint;
  reference: string | null;
  upstream_no: string | null;
  line_state: LineState | null;
  line_at: bigint | null;
  review_state: string | null;
}

function differenceOf(row: DifferenceRow): FoundDifference {
  const order = row.order_home === null || row.order_id === null ? null : { home: row.order_home, id: row.order_id };
  return {
    id: row.id,
    mark: row.mark,
    type: row.type,
    kind: row.kind,
    amount: row.amount,
    currency: row.currency,
    isMoney: row.is_money,
    lineNo: row.line_no,
    order,
    review: { home: row.review_home, id: row.review_id },
    reference: row.reference,
    upstreamNo: row.upstream_no,
    lineState: row.line_state,
    lineAt: row.line_at === null ? null : Number(row.line_at),
    outcome: row.outcome,
    isOpen: row.review_state === 'open',
    foundAt: Number(row.found_at),
  };
}

const differenceColumns = sql`d.*, l.reference, l.upstream_no, l.state as line_state, l.at as line_at, v.state as review_state
  from differences d
  left join statement_lines l on l.home = d.home and l.run_id = d.run_id and l.no = d.line_no
  left join reviews v on v.home = d.review_home and v.id = d.review_id`;

/** Those of a run, in the order in which they were found, behind `after`. */
export async function differencesOf(query: Query, run: Key, after: bigint, limit: number): Promise<FoundDifference[]> {
  const rows = await query.run<DifferenceRow>(sql`
    select ${differenceColumns} where d.home = ${run.home} and d.run_id = ${run.id} and d.id > ${after} order by d.id limit ${limit}`);
  return rows.map(differenceOf);
}

/** A difference as lists show it. */
export interface ListedDifference extends FoundDifference {
  readonly runId: bigint;
  readonly channelId: bigint;
  readonly day: string;
}

export interface DifferenceFilter {
  /** Homes of the channels in question. */
  readonly homes: readonly number[];
  readonly channelId: bigint | null;
  /** That of its review. */
  readonly state: string | null;
  /** A run's or order's id, or a number of the line. */
  readonly number: string | null;
}

/** Differences of all runs, newest first. */
export async function listDifferences(
  query: Query,
  { homes, channelId, state, number }: DifferenceFilter,
  page: { readonly before: bigint | null; readonly limit: number },
): Promise<ListedDifference[]> {
  const id = number !== null && /^[0-9]{1,18}$/.test(number) ? BigInt(number) : null;
  const rows = await query.run<DifferenceRow & { run_id: bigint; channel_id: bigint; day: string }>(sql`
    select r.channel_id, r.day, ${differenceColumns} join reconciliations r on r.home = d.home and r.id = d.run_id
    where d.home = any(${[...homes]}::smallint[]) and (${channelId}::bigint is null or r.channel_id = ${channelId})
      and (${state}::text is null or v.state = ${state}) and (${page.before}::bigint is null or d.id < ${page.before})
      and (${number}::text is null or l.reference = ${number} or l.upstream_no = ${number} or d.run_id = ${id} or d.order_id = ${id})
    order by d.id desc limit ${page.limit}`);
  return rows.map((row) => ({ ...differenceOf(row), runId: row.run_id, channelId: row.channel_id, day: row.day }));
}

/** Of a run's differences: how many there are, and how many of them nobody has decided. */
export async function countDifferences(query: Query, run: Key): Promise<{ all: number; open: number }> {
  const [row] = await query.run<{ all: bigint; open: bigint }>(sql`
    select count(*) as all, count(*) filter (where v.state = 'open') as open from differences d
    left join reviews v on v.home = d.review_home and v.id = d.review_id
    where d.home = ${run.home} and d.run_id = ${run.id}`);
  return { all: Number(row?.all ?? 0n), open: Number(row?.open ?? 0n) };
}

/** → false when somebody else has noted it before. */
export async function noteOutcome(query: Query, home: number, id: bigint, outcome: string): Promise<boolean> {
  const rows = await query.run(sql`
    update differences set outcome = ${outcome} where home = ${home} and id = ${id} and outcome is null returning id`);
  return rows.length > 0;
}

/** Closes a review of ours because what it asked about has been learnt. */
export async function closeLearnt(query: Query, { home, id }: Key, text: string, at: Instant): Promise<void> {
  await query.run(sql`
    update reviews set state = 'closed', closed_at = ${at}, decision = ${{ by: 'statement', text }}
    where home = ${home} and id = ${id} and state = 'open'`);
}

/** Counts and sums of a comparison, minor units as text, by kind and currency. */
export interface RunResult {
  readonly matched: number;
  readonly carried: number;
  readonly sums: readonly {
    readonly kind: Kind;
    readonly currency: Currency;
    readonly theirs: { readonly count: number; readonly minor: string };
    readonly ours: { readonly count: number; readonly minor: string };
    readonly fees: string;
  }[];
}

export async function noteResult(query: Query, run: Key, at: Instant, result: RunResult): Promise<void> {
  await query.run(sql`
    update reconciliations set compared_at = ${at}, result = ${JSON.stringify(result)}::jsonb where home = ${run.home} and id = ${run.id}`);
}

export async function noteLearnt(query: Query, run: Key, by: string): Promise<void> {
  await query.run(sql`
    update reconciliations set learnt_by = coalesce(learnt_by, ${by}) where home = ${run.home} and id = ${run.id}`);
}

export interface Run extends Key {
  readonly channelId: bigint;
  readonly day: string;
  readonly zone: string;
  readonly source: 'channel' | 'file';
  readonly lines: number;
  readonly by: string;
  readonly begunAt: Instant;
  readonly comparedAt: Instant | null;
  readonly result: RunResult | null;
  readonly learntBy: string | null;
}

/** A run as lists show it. */
export interface ListedRun extends Run {
  readonly differences: number;
  readonly open: number;
}

interface RunRow {
  home: number;
  id: bigint;
  channel_id: bigint;
  day: string;
  zone: string;
  source: Run['source'];
  lines: number;
  begun_by: string;
  begun_at: bigint;
  compared_at: bigint | null;
  result: RunResult | null;
  learnt_by: string | null;
  differences: bigint;
  open: bigint;
}

function runOf(row: RunRow): ListedRun {
  return {
    home: row.home,
    id: row.id,
    channelId: row.channel_id,
    day: row.day,
    zone: row.zone,
    source: row.source,
    lines: row.lines,
    by: row.begun_by,
    begunAt: Number(row.begun_at),
    comparedAt: row.compared_at === null ? null : Number(row.compared_at),
    result: row.result,
    learntBy: row.learnt_by,
    differences: Number(row.differences),
    open: Number(row.open),
  };
}

export interface RunFilter {
  /** Homes of the channels in question. */
  readonly homes: readonly number[];
  readonly channelId: bigint | null;
  readonly day: string | null;
  /** 'open' = with differences nobody has decided, or not compared to its end; 'closed' = the others. */
  readonly state: string | null;
  readonly id: bigint | null;
}

/** Runs, newest first. */
export async function listRuns(
  query: Query,
  { homes, channelId, day, state, id }: RunFilter,
  page: { readonly before: bigint | null; readonly limit: number },
): Promise<ListedRun[]> {
  const conditions: Sql = sql`(${channelId}::bigint is null or r.channel_id = ${channelId}) and (${day}::text is null or r.day = ${day})
    and (${id}::bigint is null or r.id = ${id}) and (${page.before}::bigint is null or r.id < ${page.before})`;
  const isOpen =
    state === null
      ? sql`true`
      : state === 'open'
        ? sql`(c.open > 0 or r.compared_at is null)`
        : sql`not (c.open > 0 or r.compared_at is null)`;
  const rows = await query.run<RunRow>(sql`
    select r.*, c.differences, c.open from reconciliations r
    cross join lateral (select count(*) as differences, count(*) filter (where v.state = 'open') as open from differences d
      left join reviews v on v.home = d.review_home and v.id = d.review_id where d.home = r.home and d.run_id = r.id) c
    where r.home = any(${[...homes]}::smallint[]) and ${conditions} and ${isOpen}
    order by r.id desc limit ${page.limit}`);
  return rows.map(runOf);
}

/** The lines of a run, in the order of the file. */
export async function linesOfRun(query: Query, run: Key): Promise<StatementLine[]> {
  const rows = await query.run<{
    no: number;
    kind: Kind;
    reference: string | null;
    upstream_no: string | null;
    amount: bigint;
    currency: Currency;
    state: LineState;
    at: bigint | null;
    fee: bigint | null;
  }>(sql`select * from statement_lines where home = ${run.home} and run_id = ${run.id} order by no`);
  return rows.map((row) => ({
    no: row.no,
    kind: row.kind,
    reference: row.reference,
    upstreamNo: row.upstream_no,
    money: money(row.amount, row.currency),
    state: row.state,
    at: row.at === null ? null : Number(row.at),
    fee: row.fee,
  }));
}
