/** Statements of channels: compared with the books, by whoever does that each morning; what differs, and whose task it is. */
import { isDay } from '../../core/days.ts';
import { Refusal } from '../../core/refusal.ts';
import { askSecond } from '../../flows/approve.ts';
import { compareAgain, type Reconciled, reconcileDay, runNamed, statementOf } from '../../flows/reconcile-day.ts';
import type { ChannelRow } from '../../store/directory.ts';
import {
  homeOfChannel,
  listDifferences,
  type ListedDifference,
  type ListedRun,
  listRuns,
  type RunResult,
} from '../../store/reconciliations.ts';
import type { SearchFilter } from '../../store/search.ts';
import { channelBy, idOf } from '../api/desk.ts';
import { html, type Html } from '../html.ts';
import { numberCell, textCell } from '../sheet.ts';
import { fileAddress, statementOfFile } from '../statement-file.ts';
import { type Listing, rowsOf } from './listing.ts';
import { channelName, iso } from './naming.ts';
import { idIn } from './order.ts';
import {
  badge,
  card,
  choose,
  type Column,
  crumbs,
  facts,
  field,
  headed,
  money,
  plainDecimal,
  post,
  table,
  time,
} from './parts.ts';
import { type ConsoleDesk, type Eyes, everybody, may, page, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';

/** Who takes statements in, and asks that they be learnt. */
const accountants: Row['roles'] = ['finance', 'admin'];
const mayAct = { roles: accountants, tenant: 'operator-only' } as const;

/** Statements belong to no merchant: they are found where what belongs to nobody is looked for. */
function homesOf({ gate }: ConsoleDesk, { homes }: SearchFilter): number[] {
  return homes.includes(0) ? [...new Set([...gate.directory().channels.keys()].map(homeOfChannel))] : [];
}

function stateOf({ open, comparedAt }: ListedRun): 'open' | 'closed' {
  return open > 0 || comparedAt === null ? 'open' : 'closed';
}

const runs: Listing<ListedRun> = {
  word: 'reconciliation',
  path: '/console/reconciliation',
  roles: everybody,
  tenant: 'operator-only',
  states: ['open', 'closed'],
  filters: ['channel'],
  empty: 'runNone',
  read(desk, filter, where) {
    const { number, channelId, state } = filter;
    const isOfDay = number !== null && isDay(number);
    const id = number === null || isOfDay ? null : (idOf(number) ?? 0n);
    const asked = { homes: homesOf(desk, filter), channelId, state, day: isOfDay ? number : null, id };
    return listRuns(desk.gate.db, asked, where);
  },
  columns: ({ desk, eyes }) => {
    const { say } = eyes;
    return [
      {
        head: say('day'),
        cell: (row) => html`<a class="strong" href="/console/reconciliation/${String(row.id)}">${row.day}</a>`,
      },
      { head: say('channel'), cell: (row) => channelName(desk, row.channelId), look: 'name' },
      { head: say('state'), cell: (row) => badge(eyes, stateOf(row)), look: 'state' },
      { head: say('differences'), cell: (row) => `${row.open} / ${row.differences}`, look: 'number' },
      { head: say('sums'), cell: (row) => sumsText(row.result), look: 'number', isExtra: true },
      { head: say('lineCount'), cell: (row) => String(row.lines), look: 'number', isExtra: true },
      { head: say('comesFrom'), cell: (row) => sayValue(say, 'from', row.source), isExtra: true },
      { head: say('lastCompared'), cell: (row) => time(eyes, row.comparedAt) ?? say('interrupted'), look: 'code' },
    ];
  },
  cells: [
    { head: 'id', cell: (_desk, row) => textCell(String(row.id)) },
    { head: 'day', cell: (_desk, row) => textCell(row.day) },
    { head: 'zone', cell: (_desk, row) => textCell(row.zone) },
    { head: 'channel', cell: (desk, row) => textCell(channelName(desk, row.channelId)) },
    { head: 'source', cell: (_desk, row) => textCell(row.source) },
    { head: 'state', cell: (_desk, row) => textCell(stateOf(row)) },
    { head: 'lines', cell: (_desk, row) => numberCell(String(row.lines)) },
    { head: 'matched', cell: (_desk, row) => numberCell(String(row.result?.matched ?? 0)) },
    { head: 'differences', cell: (_desk, row) => numberCell(String(row.differences)) },
    { head: 'open', cell: (_desk, row) => numberCell(String(row.open)) },
    { head: 'sums', cell: (_desk, row) => textCell(sumsText(row.result)) },
    { head: 'by', cell: (_desk, row) => textCell(row.by) },
    { head: 'comparedAt', cell: (_desk, row) => textCell(iso(row.comparedAt)) },
  ],
  around: (visit, _rows, shown) => html`${may(visit.person, mayAct) && forms(visit)}${shown}`,
};

/** What moved by the statement, one sum for each currency. */
function sumsText(result: RunResult | null): string {
  const sums = new Map<string, bigint>();
  for (const { currency, theirs } of result?.sums ?? [])
    sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(theirs.minor));
  return [...sums].map(([currency, minor]) => money(minor, currency)).join(', ');
}

function forms({ desk, eyes }: Visit): Html {
  const { say, csrf } = eyes;
  const channels = [...desk.gate.directory().channels.values()];
  const telling = new Set(
    desk.admissions.protocols().flatMap(({ name, hasStatements }) => (hasStatements ? name : [])),
  );
  const asked = channels.filter(({ protocol }) => telling.has(protocol));
  const which = (list: readonly ChannelRow[]) =>
    html`${choose(
      say('channel'),
      'channel',
      list.map(({ id, name }) => ({ value: String(id), label: name })),
    )}${field(say('day'), 'day', { type: 'date' })}`;
  const anyway = html`<label class="check"><input type="checkbox" name="anyway" value="yes"> <span>${say('statementAnyway')}</span></label>`;
  const upload = html`<form method="post" enctype="multipart/form-data" action="/console/statement-files/${fileAddress(desk.gate)}" class="form"><input type="hidden" name="csrf" value="${csrf}">${which(channels)}<label><span>${say('statementFile')}</span><input type="file" name="file" accept=".csv,text/csv" required></label>${anyway}<button class="primary">${say('compareNow')}</button></form>`;
  const fetched = post(
    eyes,
    '/console/reconciliation',
    html`${which(asked)}${anyway}<button class="primary">${say('compareNow')}</button>`,
  );
  return html`<div class="stack inset"><details><summary>${say('statementUpload')}</summary><p class="hint">${say('statementUploadHelp')}</p>${upload}</details>${asked.length > 0 && html`<details><summary>${say('statementFetch')}</summary><p class="hint">${say('statementFetchHelp')}</p>${fetched}</details>`}</div>`;
}

async function compareFetched(visit: Visit) {
  const { desk, form } = visit;
  const channel = channelBy(desk, form.required('channel', 20));
  const day = form.required('day', 10);
  const statement = await statementOf(desk, channel, day);
  const how = { learns: true, isAnyway: form.text('anyway') === 'yes' };
  return came(visit.eyes, await reconcileDay(desk, visit.person.name, channel, day, statement, how));
}

/** A file is one person's word: what it says is learnt when another agrees. */
async function compareFile(visit: Visit) {
  const { desk, form } = visit;
  const channel = channelBy(desk, form.required('channel', 20));
  const day = form.required('day', 10);
  if (form.file.length === 0)
    throw new Refusal('invalid-request', { field: 'file', text: 'is missing', why: 'missing' });
  const how = { learns: false, isAnyway: form.text('anyway') === 'yes' };
  return came(visit.eyes, await reconcileDay(desk, visit.person.name, channel, day, statementOfFile(form.file), how));
}

async function again({ desk, eyes, person, params }: Visit) {
  return came(eyes, await compareAgain(desk, person.name, await runNamed(desk.gate, idIn(params))));
}

function came({ say }: Eyes, { run, differences, open }: Reconciled) {
  const note = say('comparedNote', { found: String(differences.length), open: String(open) });
  return { kind: 'go', to: `/console/reconciliation/${String(run)}`, note } as const;
}

async function run({ desk, eyes, person, params }: Visit) {
  const { say } = eyes;
  const row = await runNamed(desk.gate, idIn(params));
  const filter = { homes: [row.home], channelId: null, state: null, number: String(row.id) };
  const found = await listDifferences(desk.gate.db, filter, { before: null, limit: shownAtMost });
  const title = `${channelName(desk, row.channelId)} ${row.day}`;
  const list = `/console/differences?q=${String(row.id)}`;
  return page(
    title,
    html`${crumbs(eyes, 'reconciliation', '/console/reconciliation', title)}${headed(html`${title} ${badge(eyes, stateOf(row))}`, html`<a class="button small" href="${list}">${say('differences')}</a>`)}
<div class="split"><div>${card(say('facts'), runFacts(eyes, row))}</div><div>${may(person, mayAct) && card(say('actions'), actions(eyes, row, found))}</div></div>
<section class="card flush"><header><h2>${say('sums')}</h2></header>${sums(eyes, row.result)}</section>
<section class="card flush"><header><h2>${say('differences')}</h2></header>${table(differenceColumns(desk, eyes), found, say('differenceNone'))}</section>`,
  );
}

const shownAtMost = 200;

function runFacts(eyes: Eyes, row: ListedRun) {
  const { say } = eyes;
  return facts([
    [say('zoneOf'), row.zone],
    [say('comesFrom'), sayValue(say, 'from', row.source)],
    [say('who'), row.by],
    [say('lastCompared'), time(eyes, row.comparedAt) ?? say('interrupted')],
    [say('learntBy'), row.learntBy],
    [say('lineCount'), String(row.lines)],
    [say('matchedCount'), String(row.result?.matched ?? 0)],
    [say('carriedCount'), String(row.result?.carried ?? 0)],
    [say('differences'), `${row.open} / ${row.differences}`],
  ]);
}

function sums({ say }: Eyes, result: RunResult | null): Html {
  const sum = (minor: string, currency: string) => money(BigInt(minor), currency);
  return table<RunResult['sums'][number]>(
    [
      { head: say('kind'), cell: ({ kind }) => sayValue(say, 'kind', kind) },
      {
        head: say('perChannel'),
        cell: ({ theirs, currency }) => html`${sum(theirs.minor, currency)} <small>${theirs.count}</small>`,
        look: 'number',
      },
      {
        head: say('perBooks'),
        cell: ({ ours, currency }) => html`${sum(ours.minor, currency)} <small>${ours.count}</small>`,
        look: 'number',
      },
      {
        head: say('gap'),
        cell: ({ theirs, ours, currency }) => money(BigInt(theirs.minor) - BigInt(ours.minor), currency),
        look: 'number',
      },
      { head: say('channelFees'), cell: ({ fees, currency }) => sum(fees, currency), look: 'number', isExtra: true },
    ],
    result?.sums ?? [],
    say('nothingYet'),
  );
}

function actions(eyes: Eyes, row: ListedRun, found: readonly ListedDifference[]): Html {
  const { say } = eyes;
  const id = String(row.id);
  const isToLearn = row.source === 'file' && row.learntBy === null && found.some((one) => one.order && one.lineState);
  const learn = html`<details><summary>${say('learnAsk')}</summary><p class="hint">${say('learnHelp')}</p>${post(eyes, `/console/reconciliation/${id}/learn`, html`${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`)}</details>`;
  return html`<div class="stack">${post(eyes, `/console/reconciliation/${id}/compare`, html`<button class="primary">${say('compareAgain')}</button>`, 'inline')}${isToLearn && learn}</div>`;
}

async function askLearn({ desk, eyes, person, params, form }: Visit) {
  const { id } = await runNamed(desk.gate, idIn(params));
  await askSecond(desk, person, 'statement.learn', { run: String(id) }, form.required('why', 500));
  return { kind: 'go', to: `/console/reconciliation/${id}`, note: eyes.say('asked') } as const;
}

function differenceColumns(desk: ConsoleDesk, eyes: Eyes): readonly Column<ListedDifference>[] {
  const { say } = eyes;
  return [
    {
      head: say('reason'),
      cell: (row) =>
        html`<a class="strong" href="/console/reviews/${String(row.review.id)}">${sayValue(say, 'review', `statement-${row.type}`)}</a>`,
    },
    { head: say('state'), cell: (row) => badge(eyes, row.isOpen ? 'open' : 'closed'), look: 'state' },
    { head: say('kind'), cell: (row) => sayValue(say, 'kind', row.kind), isExtra: true },
    { head: say('amount'), cell: (row) => money(row.amount, row.currency), look: 'number' },
    {
      head: say('order'),
      cell: (row) =>
        row.order === null
          ? '–'
          : html`<a href="/console/orders/${String(row.order.id)}">${row.reference ?? String(row.order.id)}</a>`,
      look: 'code',
    },
    { head: say('saysThere'), cell: (row) => (row.lineState === null ? '–' : sayValue(say, 'state', row.lineState)) },
    {
      head: say('lineNo'),
      cell: (row) => (row.lineNo === null ? '–' : String(row.lineNo)),
      look: 'number',
      isExtra: true,
    },
    {
      head: say('whatCame'),
      cell: (row) => (row.outcome === null ? '–' : sayValue(say, 'state', row.outcome)),
      isExtra: true,
    },
    {
      head: say('day'),
      cell: (row) =>
        html`<a href="/console/reconciliation/${String(row.runId)}">${row.day} ${channelName(desk, row.channelId)}</a>`,
      isExtra: true,
    },
  ];
}

const differences: Listing<ListedDifference> = {
  word: 'differences',
  path: '/console/differences',
  roles: everybody,
  tenant: 'operator-only',
  states: ['open', 'closed'],
  filters: ['channel'],
  empty: 'differenceNone',
  read(desk, filter, where) {
    const { number, channelId, state } = filter;
    return listDifferences(desk.gate.db, { homes: homesOf(desk, filter), channelId, state, number }, where);
  },
  columns: ({ desk, eyes }) => differenceColumns(desk, eyes),
  cells: [
    { head: 'id', cell: (_desk, row) => textCell(String(row.id)) },
    { head: 'run', cell: (_desk, row) => textCell(String(row.runId)) },
    { head: 'day', cell: (_desk, row) => textCell(row.day) },
    { head: 'channel', cell: (desk, row) => textCell(channelName(desk, row.channelId)) },
    { head: 'type', cell: (_desk, row) => textCell(row.type) },
    { head: 'kind', cell: (_desk, row) => textCell(row.kind) },
    { head: 'amount', cell: (_desk, row) => numberCell(plainDecimal(row.amount, row.currency)) },
    { head: 'currency', cell: (_desk, row) => textCell(row.currency) },
    { head: 'line', cell: (_desk, row) => numberCell(row.lineNo === null ? '' : String(row.lineNo)) },
    { head: 'said', cell: (_desk, row) => textCell(row.lineState) },
    { head: 'reference', cell: (_desk, row) => textCell(row.reference) },
    { head: 'upstreamNo', cell: (_desk, row) => textCell(row.upstreamNo) },
    { head: 'order', cell: (_desk, row) => textCell(row.order === null ? '' : String(row.order.id)) },
    { head: 'review', cell: (_desk, row) => textCell(String(row.review.id)) },
    { head: 'state', cell: (_desk, row) => textCell(row.isOpen ? 'open' : 'closed') },
    { head: 'outcome', cell: (_desk, row) => textCell(row.outcome) },
    { head: 'foundAt', cell: (_desk, row) => textCell(iso(row.foundAt)) },
  ],
};

export const reconciliationRows: readonly Row[] = [
  ...rowsOf(runs),
  ...rowsOf(differences),
  { method: 'POST', path: '/console/reconciliation', ...mayAct, answer: compareFetched },
  { method: 'POST', path: '/console/statement-files/{until}/{mark}', ...mayAct, answer: compareFile },
  { method: 'GET', path: '/console/reconciliation/{id}', roles: everybody, tenant: 'operator-only', answer: run },
  { method: 'POST', path: '/console/reconciliation/{id}/compare', ...mayAct, answer: again },
  { method: 'POST', path: '/console/reconciliation/{id}/learn', ...mayAct, answer: askLearn },
];
