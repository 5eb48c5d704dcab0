/** The ledger: the trial balance, and the postings of one account. */
import { type AccountMove, movesOfAccount } from '../../store/account-moves.ts';
import { trialBalance } from '../../store/ledger.ts';
import { idOf } from '../api/desk.ts';
import { html, type Html } from '../html.ts';
import { crumbs, headed, money, table, times } from './parts.ts';
import { type ConsoleDesk, type Eyes, everybody, page, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';

/** Account names with the names of the merchants and channels in them. */
export function accountName(desk: ConsoleDesk, { say }: Eyes, account: string): string {
  const [kind = '', id, side] = account.split('/');
  const { merchants, channels } = desk.gate.directory();
  const row =
    kind === 'merchant'
      ? merchants.get(BigInt(id ?? '0'))
      : kind === 'channel'
        ? channels.get(BigInt(id ?? '0'))
        : undefined;
  return row ? `${row.name} / ${sayValue(say, 'side', side ?? '')}` : sayValue(say, 'side', kind);
}

/** A posting in words; what tells it from others of its kind stands behind. */
export function postingName({ say }: Eyes, reason: string): string {
  const [kind = '', ...rest] = reason.split('/');
  const more = kind === 'settled' ? [] : rest;
  return [sayValue(say, 'posting', kind), ...more].join(' / ');
}

function accountLink(desk: ConsoleDesk, eyes: Eyes, account: string, currency: string): Html {
  const query = new URLSearchParams({ account, currency });
  return html`<a href="/console/ledger/account?${query.toString()}">${accountName(desk, eyes, account)}</a>`;
}

async function ledger({ desk, eyes }: Visit) {
  const { say } = eyes;
  const books = await trialBalance(desk.gate.db);
  const verdict = books.balanced
    ? html`<p class="note good" role="status">${say('balanced')}</p>`
    : html`<div class="alarm" role="alert"><p>${say('unbalanced')}</p><ul>${books.findings.map((one) => html`<li>${one}</li>`)}</ul></div>`;
  const rows = books.accounts;
  return page(
    say('ledger'),
    html`${headed(say('ledger'))}${verdict}
<section class="card flush"><header><h2>${say('trialBalance')}</h2></header>${table(
      [
        { head: say('currency'), cell: ({ currency }) => currency },
        { head: say('debit'), cell: ({ debit, currency }) => money(debit, currency), look: 'number' },
        { head: say('credit'), cell: ({ credit, currency }) => money(credit, currency), look: 'number' },
      ],
      books.currencies,
      say('nothing'),
    )}</section>
<section class="card flush"><header><h2>${say('accounts')}</h2></header>${table(
      [
        { head: say('account'), cell: ({ account, currency }) => accountLink(desk, eyes, account, currency) },
        { head: say('currency'), cell: ({ currency }) => currency, isExtra: true },
        { head: say('debit'), cell: ({ debit, currency }) => money(debit, currency), look: 'number', isExtra: true },
        { head: say('credit'), cell: ({ credit, currency }) => money(credit, currency), look: 'number', isExtra: true },
        { head: say('balance'), cell: ({ balance, currency }) => money(balance, currency), look: 'number' },
      ],
      rows,
      say('nothing'),
    )}</section>`,
  );
}

const pageSize = 100;

async function account({ desk, eyes, query }: Visit) {
  const { say } = eyes;
  const name = query.get('account') ?? '';
  const currency = query.get('currency') ?? '';
  const before = idOf(query.get('before') ?? '');
  const rows = await movesOfAccount(desk.gate.db, name, currency, before, pageSize);
  const oldest = rows.at(-1);
  const title = accountName(desk, eyes, name);
  const older =
    rows.length < pageSize || !oldest
      ? null
      : new URLSearchParams({ account: name, currency, before: String(oldest.at) });
  return page(
    title,
    html`${crumbs(eyes, 'ledger', '/console/ledger', title)}${headed(html`${title} <small>${currency}</small>`)}<section class="card flush"><header><h2>${say('entries')}</h2></header>${table<AccountMove>(
      [
        { head: say('when'), cell: ({ at }) => times(eyes, at, currency), look: 'code' },
        { head: say('posting'), cell: ({ reason }) => postingName(eyes, reason) },
        {
          head: say('order'),
          cell: ({ objectKind, objectId }) =>
            objectKind === 'operator'
              ? String(objectId)
              : html`<a href="/console/orders/${String(objectId)}">${String(objectId)}</a>`,
          look: 'code',
        },
        { head: say('account'), cell: (row) => accountLink(desk, eyes, row.other, currency), isExtra: true },
        {
          head: say('amount'),
          cell: ({ change }) =>
            html`<span class="${change < 0n ? 'minus' : 'plus'}">${change < 0n ? '−' : '+'}${money(change < 0n ? -change : change, currency)}</span>`,
          look: 'number',
        },
      ],
      rows,
      say('nothing'),
    )}</section><nav class="pages">${older && html`<a class="button" href="/console/ledger/account?${older.toString()}">${say('older')}</a>`}</nav>`,
  );
}

export const bookRows: readonly Row[] = [
  { method: 'GET', path: '/console/ledger', roles: everybody, tenant: 'operator-only', answer: ledger },
  { method: 'GET', path: '/console/ledger/account', roles: everybody, tenant: 'operator-only', answer: account },
];
