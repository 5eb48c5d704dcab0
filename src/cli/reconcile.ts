/** reconcile: a channel's statement of a day against the books. Exit 0 = nothing differs, 1 = something does, 2 = it was not compared. */
import { readFile } from 'node:fs/promises';
import { CliError, type Command, exits, type Input, print, printJson } from './command.ts';
import { ask, call, query, type Row, rows, sendFile } from './gateway.ts';
import { amountText, fields, table } from './table.ts';

const runColumns = [
  'id',
  'channelName',
  'day',
  'source',
  'lines',
  'matched',
  'differences',
  'open',
  'by',
  'comparedAt',
];
const differenceColumns = [
  'type',
  'kind',
  'amount',
  'line',
  'said',
  'reference',
  'order',
  'review',
  'state',
  'outcome',
];

async function run(input: Input): Promise<number> {
  const channel = input.word(0, 'CHANNEL');
  const day = input.word(1, 'DAY');
  const file = input.text('file');
  const done = await compared(input, channel, day, file).catch((error: unknown) => {
    throw error instanceof CliError ? new CliError(error.message, exits.usage) : error;
  });
  if (input.json) printJson(done);
  else print(report({ ...done, channel }));
  const { differences, open } = done;
  return Array.isArray(differences) && differences.length === 0 && open === 0 ? exits.done : exits.failed;
}

async function compared(input: Input, channel: string, day: string, file: string | undefined): Promise<Row> {
  const [isDry, isAnyway] = [input.flag('dry-run'), input.flag('anyway')];
  if (file === undefined)
    return call(input, 'POST', '/reconciliations', { channel, day, dryRun: isDry, anyway: isAnyway });
  const bytes = await readFile(file).catch(() => {
    throw new CliError(`${file} cannot be read`);
  });
  const { path } = await call(input, 'POST', '/statement-files');
  const asked = { channel, day, ...(isDry ? { dryRun: 'true' } : {}), ...(isAnyway ? { anyway: 'true' } : {}) };
  const answer: unknown = await (
    await sendFile(input.data, `${String(path)}${query(asked)}`, 'text/csv', Uint8Array.from(bytes))
  ).json();
  return { ...(answer as Row) };
}

function report(done: Row): string {
  const { sums, differences, ...facts } = done;
  const parts = [
    fields(facts),
    table(rowsOf(sums).map(shownSum), ['currency', 'kind', 'channel', 'books', 'gap', 'fees']),
  ];
  const found = rowsOf(differences);
  parts.push(found.length === 0 ? 'no differences' : table(found, differenceColumns.slice(0, 7)));
  return parts.join('\n\n');
}

function rowsOf(value: unknown): Row[] {
  return Array.isArray(value) ? (value as Row[]) : [];
}

function shownSum(sum: Row): Row {
  const currency = String(sum['currency']);
  const [theirs, ours] = [sum['theirs'] as Side, sum['ours'] as Side];
  const text = ({ count, minor }: Side) => `${amountText(minor, currency)} (${count})`;
  return {
    currency,
    kind: sum['kind'],
    channel: text(theirs),
    books: text(ours),
    gap: amountText(String(BigInt(theirs.minor) - BigInt(ours.minor)), currency),
    fees: amountText(String(sum['fees']), currency),
  };
}

interface Side {
  readonly count: number;
  readonly minor: string;
}

function showAll(input: Input, all: readonly Row[], columns: readonly string[]): number {
  if (input.json) printJson(all);
  else print(table(all, columns));
  return exits.done;
}

export const reconcileCommands: readonly Command[] = [
  {
    name: 'reconcile',
    takes: 'CHANNEL DAY',
    about:
      "Compares a channel's statement of a day with the books; exit 0 = nothing differs, 1 = something does, 2 = not compared",
    options: {
      file: { value: 'FILE', about: 'The statement as CSV (docs/reconciliation.md); without it the channel is asked' },
      'dry-run': { about: 'Compare and store nothing' },
      anyway: { about: 'Although no line is about an order of ours' },
    },
    run,
  },
  {
    name: 'reconcile list',
    takes: '',
    about: 'Statements that were compared, newest first',
    options: {
      channel: { value: 'CHANNEL', about: 'Of that channel' },
      day: { value: 'DAY', about: 'Of that day, such as 2030-01-31' },
      state: { value: 'open|closed', about: 'open: with differences nobody has decided, or interrupted' },
    },
    async run(input) {
      const filter = { channel: input.text('channel'), day: input.text('day'), state: input.text('state') };
      return showAll(input, await rows(input, `/reconciliations${query(filter)}`), runColumns);
    },
  },
  {
    name: 'reconcile show',
    takes: 'ID',
    about: 'Everything that was ever found in a run, with its reviews',
    options: {},
    async run(input) {
      const id = encodeURIComponent(input.word(0, 'ID'));
      return showAll(input, await rows(input, `/reconciliations/${id}/differences`), differenceColumns);
    },
  },
  {
    name: 'reconcile settle',
    takes: 'REVIEW',
    about: "Takes what a comparison has put into suspense out of it: to a merchant, or as the channel's",
    options: {
      merchant: { value: 'M', about: 'Whose it is, by id or name; without it the channel’s' },
      reason: { value: 'TEXT', about: 'Why, and where to read about it' },
    },
    async run(input) {
      const path = `/reviews/${encodeURIComponent(input.word(0, 'REVIEW'))}/suspense`;
      const merchant = input.text('merchant');
      const body = { ...(merchant === undefined ? {} : { merchant }), reason: input.needed('reason') };
      const settled = await call(input, 'POST', path, body);
      if (input.json) printJson(settled);
      else print(fields(settled));
      return exits.done;
    },
  },
  {
    name: 'reconcile learn',
    takes: 'ID',
    about: 'Lets what the differing lines of a file say about orders be learnt',
    options: {},
    async run(input) {
      await ask(input.data, 'POST', `/reconciliations/${encodeURIComponent(input.word(0, 'ID'))}/learn`);
      return exits.done;
    },
  },
];
