/** list, show, ledger, notice, review, audit, sandbox, openapi: what is there, and the few things done to it. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, exits, type Input, print, printJson, usage } from './command.ts';
import { ask, call, query, type Row, rows } from './gateway.ts';
import { fields, groupedText, shown, table } from './table.ts';
import { timelineText } from './timeline.ts';

const kinds: Readonly<Record<string, readonly string[]>> = {
  payments: ['id', 'createdAt', 'state', 'amount', 'method', 'merchantOrderNo', 'platformNo', 'channelName'],
  payouts: ['id', 'createdAt', 'state', 'amount', 'merchantOrderNo', 'platformNo', 'channelName'],
  refunds: ['id', 'createdAt', 'state', 'amount', 'merchantOrderNo', 'paymentOrderNo', 'channelName'],
  agreements: ['id', 'createdAt', 'state', 'merchantOrderNo'],
  attempts: ['id', 'createdAt', 'state', 'reference', 'order', 'channelName'],
  notices: ['id', 'createdAt', 'state', 'event', 'attempts', 'lastOutcome', 'lastStatus', 'url'],
  callbacks: ['id', 'createdAt', 'state', 'order', 'channelName', 'target'],
  reviews: ['id', 'createdAt', 'state', 'reason', 'order', 'amount'],
};

const listed = Object.keys(kinds).join(', ');

/** Straight through, so that a list of any length takes no memory. */
async function pipeOut(response: Response): Promise<void> {
  if (!response.body) return;
  // An end that closes early (`| head`) is the reader's right.
  await pipeline(Readable.fromWeb(response.body), process.stdout, { end: false }).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'EPIPE') throw error;
  });
}

export const lookCommands: readonly Command[] = [
  {
    name: 'list',
    takes: 'WHAT',
    about: 'Payments, notices, reviews and more; newest first, all rows without --limit',
    options: {
      merchant: { value: 'M', about: 'Merchant, by id or name' },
      state: { value: 'S', about: 'Only this state (callbacks: verdict)' },
      number: { value: 'N', about: "An id, or the merchant's, our or the upstream's number" },
      limit: { value: 'N', about: 'At most so many' },
    },
    more: () => `WHAT is one of ${listed}.`,
    async run(input) {
      const kind = input.words[0] ?? '';
      const columns = kinds[kind];
      if (!columns) throw usage(`${kind === '' ? 'kanal list takes' : `${kind}:`} one of ${listed}`);
      const names = ['merchant', 'state', 'number', 'limit'] as const;
      const path = `/${kind}${query(Object.fromEntries(names.map((name) => [name, input.text(name)])))}`;
      if (input.json) await pipeOut(await ask(input.data, 'GET', path));
      else print(table(await rows(input, path), columns));
      return exits.done;
    },
  },
  {
    name: 'show',
    takes: 'ID',
    about: 'One order with its timeline; by id or by any number it is known by',
    options: {},
    async run(input) {
      const order = await call(input, 'GET', `/orders/${encodeURIComponent(input.word(0, 'ID'))}`);
      if (input.json) printJson(order);
      else print(story(order));
      return exits.done;
    },
  },
  {
    name: 'ledger check',
    takes: '',
    about: 'Adds up every move and compares with balances and orders; exit 1 when anything is off',
    options: {},
    async run(input) {
      const books = await call(input, 'GET', '/ledger/check');
      if (input.json) printJson(books);
      else print(booksText(books));
      return books['balanced'] === true ? exits.done : exits.failed;
    },
  },
  {
    name: 'notice resend',
    takes: 'ID…',
    about: 'One more try of each, at once',
    options: {},
    async run(input) {
      input.word(0, 'ID');
      return showObject(input, await call(input, 'POST', '/notices/resend', { ids: input.words }));
    },
  },
  {
    name: 'review close',
    takes: 'ID',
    about: 'Closes a review with what was decided and why',
    options: { decision: { value: 'TEXT', about: 'What and why' } },
    async run(input) {
      const path = `/reviews/${encodeURIComponent(input.word(0, 'ID'))}/close`;
      return showObject(input, await call(input, 'POST', path, { decision: input.needed('decision') }));
    },
  },
  {
    name: 'suspense settle',
    takes: 'NUMBER',
    about: 'Takes money of an order out of suspense: to its merchant, or as given back at the channel',
    options: {
      to: { value: 'merchant|channel', about: 'Who has it now' },
      reason: { value: 'TEXT', about: 'Why, and where to read about it' },
    },
    async run(input) {
      const path = `/orders/${encodeURIComponent(input.word(0, 'NUMBER'))}/suspense`;
      const body = { to: input.needed('to'), reason: input.needed('reason') };
      return showObject(input, await call(input, 'POST', path, body));
    },
  },
  {
    name: 'audit verify',
    takes: '',
    about: 'Computes the audit chain again; exit 1 when something was changed',
    options: {},
    async run(input) {
      const verdict = await call(input, 'GET', '/audit/verify');
      showObject(input, verdict);
      return verdict['intact'] === true ? exits.done : exits.failed;
    },
  },
  {
    name: 'audit list',
    takes: '',
    about: 'What operators did, newest first',
    options: {},
    async run(input) {
      if (input.json) await pipeOut(await ask(input.data, 'GET', '/audit'));
      else print(table(await rows(input, '/audit'), ['id', 'at', 'actor', 'action', 'detail']));
      return exits.done;
    },
  },
  {
    name: 'sandbox',
    takes: '',
    about: 'Demo merchants with their keys, base URLs, twins, operator token, console',
    options: {},
    run: async (input) => showObject(input, await call(input, 'GET', '/sandbox'), true),
  },
  {
    name: 'openapi',
    takes: '',
    about: 'The OpenAPI document of the operator API',
    options: {},
    run: async (input) => showObject(input, await call(input, 'GET', '/openapi.json'), true),
  },
];

function showObject(input: Input, row: Row, isDocument = false): number {
  if (input.json || isDocument) printJson(row);
  else print(fields(row));
  return exits.done;
}

/** The order's members as far as there are any, then its timeline. */
function story({ timeline, ...order }: Row): string {
  const known = Object.entries(order).filter(([, value]) => value !== null && value !== '');
  return `${fields(Object.fromEntries(known))}\n\n${timelineText(Array.isArray(timeline) ? timeline : [])}`;
}

/** Sums arrive in smallest units; people read whole ones. */
function withUnits({ currency, ...row }: Row): Row {
  const sums = ['debit', 'credit', 'balance'].filter((name) => name in row);
  return {
    ...row,
    currency,
    ...Object.fromEntries(sums.map((name) => [name, groupedText(shown(row[name]), shown(currency))])),
  };
}

function booksText(books: Row): string {
  const list = (name: string): readonly Row[] => (Array.isArray(books[name]) ? books[name] : []);
  const findings: readonly unknown[] = Array.isArray(books['findings']) ? books['findings'] : [];
  return [
    table(list('accounts').map(withUnits), ['account', 'currency', 'debit', 'credit', 'balance']),
    '',
    table(list('currencies').map(withUnits), ['currency', 'debit', 'credit']),
    '',
    books['balanced'] === true ? 'balanced' : ['NOT balanced:', ...findings.map(String)].join('\n  '),
  ].join('\n');
}
