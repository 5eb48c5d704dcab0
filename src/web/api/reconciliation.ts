/** Statements of channels: compared with the books, and what came of it. */
import { z } from 'zod';
import { type Difference, differenceTypes } from '../../core/reconciliation.ts';
import { Refusal } from '../../core/refusal.ts';
import {
  compareAgain,
  learnStatement,
  type Reconciled,
  reconcileDay,
  runNamed,
  type Statement,
  statementOf,
  tryDay,
} from '../../flows/reconcile-day.ts';
import { reviewNamed, settleStatement } from '../../flows/settle-statement.ts';
import {
  differencesOf,
  type FoundDifference,
  homeOfChannel,
  type ListedRun,
  listRuns,
} from '../../store/reconciliations.ts';
import { type ApiRoute, type Actor, many, one } from '../route-table.ts';
import { fileAddress, maxFileBytes, statementOfFile } from '../statement-file.ts';
import { channelBy, type Desk, merchantBy, requiredId } from './desk.ts';
import * as shapes from './shapes.ts';

const everybody = ['viewer', 'support', 'finance', 'approver', 'admin'] as const;
/** Who takes statements in. */
const accountants = ['finance', 'admin'] as const;

const side = z.object({ count: z.int(), minor: shapes.minor });

const sum = z.object({
  kind: z.enum(['payment', 'payout', 'refund']),
  currency: z.string(),
  theirs: side.meta({ description: 'What the statement says moved' }),
  ours: side.meta({ description: 'What the books say moved' }),
  fees: shapes.minor.meta({ description: 'What the channel keeps, where the statement says so' }),
});

const difference = z.object({
  type: z.enum(differenceTypes),
  kind: z.enum(['payment', 'payout', 'refund']),
  amount: shapes.amount.meta({ description: "The sum in question: the channel's where it has one" }),
  line: z.int().nullable().meta({ description: 'Line of the statement; null when it has none' }),
  said: z.string().nullable().meta({ description: 'The state the line tells' }),
  reference: z.string().nullable(),
  upstreamNo: z.string().nullable(),
  order: shapes.id.nullable().meta({ description: 'null when the books have none' }),
});

const found = difference.extend({
  id: shapes.id,
  review: shapes.id,
  state: z.enum(['open', 'closed']).meta({ description: 'That of its review' }),
  outcome: z.string().nullable().meta({ description: 'What became of the line at the one door; null = not given in' }),
});

const reconciled = z.object({
  run: shapes.id.nullable().meta({ description: 'null for a dry run, which stores nothing' }),
  channel: shapes.id,
  day: z.string(),
  zone: z.string(),
  lines: z.int(),
  matched: z.int(),
  carried: z.int().meta({ description: "So near to midnight that the neighbouring day's statement may have them" }),
  open: z.int().meta({ description: 'Differences of the run that nobody has decided' }),
  sums: z.array(sum),
  differences: z.array(difference).meta({ description: 'What this comparison found' }),
});

const run = z.object({
  id: shapes.id,
  channel: shapes.id,
  channelName: z.string().nullable(),
  day: z.string(),
  zone: z.string(),
  source: z.enum(['channel', 'file']),
  by: z.string(),
  createdAt: shapes.time,
  comparedAt: shapes.time.nullable().meta({ description: 'null = it was interrupted: do it again' }),
  learntBy: z.string().nullable().meta({ description: 'Who let the lines be learnt; null = nobody yet' }),
  lines: z.int(),
  matched: z.int(),
  differences: z.int(),
  open: z.int(),
  sums: z.array(sum),
});

function shownSum({ kind, currency, theirs, ours, fees }: Reconciled['sums'][number]): z.infer<typeof sum> {
  const text = ({ count, minor }: { count: number; minor: bigint }) => ({ count, minor: String(minor) });
  return { kind, currency, theirs: text(theirs), ours: text(ours), fees: String(fees) };
}

function shownDifference({ type, kind, money, line, booked }: Difference): z.infer<typeof difference> {
  return {
    type,
    kind,
    amount: shapes.moneyText(money.minor, money.currency),
    line: line?.no ?? null,
    said: line?.state ?? null,
    reference: line?.reference ?? booked?.reference ?? null,
    upstreamNo: line?.upstreamNo ?? booked?.upstreamNo ?? null,
    order: booked === null ? null : String(booked.id),
  };
}

function shownReconciled(channel: bigint, day: string, done: Reconciled): z.infer<typeof reconciled> {
  const { zone, lines, matched, carried, open, sums, differences } = done;
  return {
    run: done.run === null ? null : String(done.run),
    channel: String(channel),
    day,
    zone,
    lines,
    matched,
    carried,
    open,
    sums: sums.map(shownSum),
    differences: differences.map(shownDifference),
  };
}

function shownFound(one: FoundDifference): z.infer<typeof found> {
  return {
    id: String(one.id),
    type: one.type,
    kind: one.kind,
    amount: shapes.moneyText(one.amount, one.currency),
    line: one.lineNo,
    said: one.lineState,
    reference: one.reference,
    upstreamNo: one.upstreamNo,
    order: one.order === null ? null : String(one.order.id),
    review: String(one.review.id),
    state: one.isOpen ? 'open' : 'closed',
    outcome: one.outcome,
  };
}

function shownRun(desk: Desk, row: ListedRun): z.infer<typeof run> {
  return {
    id: String(row.id),
    channel: String(row.channelId),
    channelName: desk.gate.directory().channels.get(row.channelId)?.name ?? null,
    day: row.day,
    zone: row.zone,
    source: row.source,
    by: row.by,
    createdAt: shapes.iso(row.begunAt),
    comparedAt: shapes.isoOrNull(row.comparedAt),
    learntBy: row.learntBy,
    lines: row.lines,
    matched: row.result?.matched ?? 0,
    differences: row.differences,
    open: row.open,
    sums: [...(row.result?.sums ?? [])],
  };
}

interface Asked {
  readonly channel: string;
  readonly day: string;
  readonly isDry: boolean;
  readonly isAnyway: boolean;
}

/** A file is one person's word: what it says is learnt at once only from an admin, who could say it without one. */
async function compared(desk: Desk, actor: Actor, asked: Asked, statement: Statement | null) {
  const channel = channelBy(desk, asked.channel);
  const given = statement ?? (await statementOf(desk, channel, asked.day));
  const learns = given.source === 'channel' || actor.role === 'admin';
  const done = asked.isDry
    ? await tryDay(desk, channel, asked.day, given)
    : await reconcileDay(desk, actor.name, channel, asked.day, given, { learns, isAnyway: asked.isAnyway });
  return shownReconciled(channel.id, asked.day, done);
}

const yes = z.literal('true').optional();
const pageSize = 1_000;

/** The homes of all channels' statements. */
function homesOf({ gate }: Desk): readonly number[] {
  return [...new Set([...gate.directory().channels.keys()].map(homeOfChannel))];
}

export const reconciliationTable: readonly ApiRoute<Desk>[] = [
  one({
    method: 'POST',
    path: '/admin/v1/reviews/{id}/suspense',
    about: 'What a comparison with a statement has put into suspense: to a merchant, or as the channel’s',
    roles: ['approver', 'admin'],
    tenant: 'operator-only',
    body: z.strictObject({ merchant: shapes.reference.optional(), reason: shapes.words }),
    answers: z.object({ settled: z.array(shapes.amount) }),
    async run(desk: Desk, { actor, params, body }) {
      const review = await reviewNamed(desk.gate, requiredId(params['id'], 'review'));
      const merchant = body.merchant === undefined ? null : merchantBy(desk, actor, body.merchant);
      const sums = await settleStatement(desk, actor.name, review, merchant, body.reason);
      return { settled: sums.map(({ minor, currency }) => shapes.moneyText(minor, currency)) };
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/reconciliations',
    about: "Fetches a channel's statement of a day and compares it with the books; a dry run stores nothing",
    roles: accountants,
    tenant: 'operator-only',
    body: z.strictObject({
      channel: shapes.reference,
      day: z.string().max(10),
      dryRun: z.boolean().optional(),
      anyway: z.boolean().optional(),
    }),
    answers: reconciled,
    async run(desk: Desk, { actor, body }) {
      const asked = { ...body, isDry: body.dryRun ?? false, isAnyway: body.anyway ?? false };
      return compared(desk, actor, asked, null);
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/statement-files',
    about: 'An address that takes a statement as a file, for an hour',
    roles: accountants,
    tenant: 'operator-only',
    answers: z.object({ path: z.string(), maxBytes: z.int() }),
    async run({ gate }: Desk) {
      return { path: `/statement-files/${fileAddress(gate)}`, maxBytes: maxFileBytes };
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/statement-files/{until}/{mark}',
    about:
      'Compares a statement that is sent as a file, in the columns of docs/reconciliation.md; the same file again is the same run',
    roles: accountants,
    tenant: 'operator-only',
    query: z.strictObject({ channel: shapes.reference, day: z.string().max(10), dryRun: yes, anyway: yes }),
    file: { type: 'text/csv', maxBytes: maxFileBytes },
    answers: reconciled,
    async run(desk: Desk, { actor, query, file }) {
      const asked = { ...query, isDry: query.dryRun !== undefined, isAnyway: query.anyway !== undefined };
      return compared(desk, actor, asked, statementOfFile(file));
    },
  }),
  many({
    method: 'GET',
    path: '/admin/v1/reconciliations',
    about:
      'Statements that were compared, newest first; `state=open`: with differences nobody has decided, or interrupted',
    roles: everybody,
    tenant: 'operator-only',
    query: z.strictObject({
      channel: shapes.reference.optional(),
      day: z.string().max(10).optional(),
      state: z.enum(['open', 'closed']).optional(),
    }),
    answers: run,
    async *rows(desk: Desk, { query }) {
      const { channel, day = null, state = null } = query;
      const channelId = channel === undefined ? null : channelBy(desk, channel).id;
      const filter = { homes: homesOf(desk), channelId, day, state, id: null };
      for (let before: bigint | null = null; ; ) {
        const rows: ListedRun[] = await listRuns(desk.gate.db, filter, { before, limit: pageSize });
        yield* rows.map((row) => shownRun(desk, row));
        before = rows.at(-1)?.id ?? null;
        if (rows.length < pageSize) return;
      }
    },
  }),
  many({
    method: 'GET',
    path: '/admin/v1/reconciliations/{id}/differences',
    about: 'Everything that was ever found in a run, with its review',
    roles: everybody,
    tenant: 'operator-only',
    answers: found,
    async *rows(desk: Desk, { params }) {
      const of = await runBy(desk, params['id']);
      for (let after = 0n; ; ) {
        const rows: FoundDifference[] = await differencesOf(desk.gate.db, of, after, pageSize);
        yield* rows.map(shownFound);
        after = rows.at(-1)?.id ?? after;
        if (rows.length < pageSize) return;
      }
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/reconciliations/{id}/compare',
    about: 'Compares the stored statement of a run anew: something may have been mended since',
    roles: accountants,
    tenant: 'operator-only',
    answers: reconciled,
    async run(desk: Desk, { actor, params }) {
      const of = await runBy(desk, params['id']);
      return shownReconciled(of.channelId, of.day, await compareAgain(desk, actor.name, of));
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/reconciliations/{id}/learn',
    about: 'Lets what the differing lines of a file say about orders be learnt; somebody else has taken it in',
    roles: ['approver', 'admin'],
    tenant: 'operator-only',
    answers: shapes.done,
    async run(desk: Desk, { actor, params }) {
      const of = await runBy(desk, params['id']);
      if (of.by === actor.name && actor.role !== 'admin')
        throw new Refusal('forbidden', { why: 'same-person', text: 'somebody else has to agree' });
      await learnStatement(desk, actor.name, of);
      return { ok: true as const };
    },
  }),
];

function runBy({ gate }: Desk, text: string | undefined): Promise<ListedRun> {
  return runNamed(gate, requiredId(text, 'run'));
}
