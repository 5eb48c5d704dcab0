/** What people decide: reviews, and what takes two of them. */
import { isFinal } from '../../core/order.ts';
import { Refusal } from '../../core/refusal.ts';
import { decideReview } from '../../flows/administer.ts';
import { decide } from '../../flows/approve.ts';
import { type ApprovalRow, listApprovals } from '../../store/approvals.ts';
import { findOrders, listReviews } from '../../store/lists.ts';
import { html, type Html } from '../html.ts';
import { idIn, outcomeForm, askers } from './order.ts';
import { area, badge, card, copyable, facts, headed, money, post, table, time } from './parts.ts';
import { type Eyes, everybody, may, moneyRoles, page, type Row, type Visit } from './row.ts';

const deciders: Row['roles'] = ['approver', 'admin'];

async function review({ desk, eyes, person, params }: Visit) {
  const { say } = eyes;
  const id = idIn(params);
  const filter = { merchantId: null, state: null, number: String(id) };
  const row = (await listReviews(desk.gate.db, filter, { before: null, limit: 20 })).find((one) => one.id === id);
  if (!row) throw new Refusal('not-found');
  const found = row.objectId === null ? [] : await findOrders(desk.gate.db, String(row.objectId), null);
  const order = found.find((one) => one.id === row.objectId);
  const detail = Object.entries((row.detail ?? {}) as Record<string, unknown>).filter(([, value]) => value !== null);
  return page(
    row.reason,
    html`<p class="crumb"><a href="/console/reviews">${say('reviews')}</a></p>${headed(html`${row.reason} ${badge(eyes, row.state)}`)}
<div class="split"><div>${card(
      say('facts'),
      facts([
        [
          say('order'),
          order && html`<a href="/console/orders/${String(order.id)}">${order.orderNo}</a> ${badge(eyes, order.state)}`,
        ],
        [say('amount'), order && money(order.amount.minor, order.amount.currency)],
        [say('channel'), row.channelId === null ? null : desk.gate.directory().channels.get(row.channelId)?.name],
        [say('opened'), time(eyes, row.openedAt)],
        ...detail.map(
          ([name, value]) =>
            [name, html`<code>${typeof value === 'string' ? value : JSON.stringify(value)}</code>`] as const,
        ),
        [say('decision'), row.decision !== null && html`<code>${JSON.stringify(row.decision)}</code>`],
      ]),
    )}</div><div>${row.state === 'open' && may(person, { roles: deciders, tenant: 'operator-only' }) && card(say('decision'), post(eyes, `/console/reviews/${String(id)}/close`, html`${area(say('why'), 'decision', 4)}<button class="primary">${say('decide')}</button>`))}${order && !isFinal(order) && may(person, { roles: askers, tenant: 'operator-only' }) && card(say('outcomeAsk'), outcomeForm(eyes, order))}</div></div>`,
  );
}

async function close({ desk, eyes, person, params, form }: Visit) {
  const id = idIn(params);
  await decideReview(desk, person.name, id, null, form.required('decision', 4000));
  return { kind: 'go', to: `/console/reviews/${id}`, note: eyes.say('decided') } as const;
}

async function approvals({ desk, eyes, person }: Visit) {
  const { say } = eyes;
  const rows = await listApprovals(desk.gate.db, 200);
  return page(
    say('approvals'),
    html`${headed(say('approvals'))}<section class="card flush">${table<ApprovalRow>(
      [
        { head: say('action'), cell: ({ action }) => html`<strong>${action}</strong>` },
        { head: say('what'), cell: ({ detail }) => detailOf(detail) },
        { head: say('why'), cell: ({ reason }) => reason },
        { head: say('who'), cell: ({ askedName, askedAt }) => html`${askedName}<br>${time(eyes, askedAt)}` },
        {
          head: say('state'),
          cell: (row) =>
            html`${badge(eyes, row.state)}${row.decidedName !== null && html`<br><small>${row.decidedName}</small>`}`,
        },
        {
          head: say('result'),
          cell: (row) =>
            row.state === 'open'
              ? decisionOf(eyes, row, person.userId, may(person, { roles: deciders, tenant: 'operator-only' }))
              : (row.result ?? ''),
          look: 'action',
        },
      ],
      rows,
      say('noApprovals'),
    )}</section>`,
  );
}

function detailOf(detail: ApprovalRow['detail']): Html {
  const pairs = Object.entries(detail).filter(([name, value]) => name !== 'asker' && value !== '');
  return html`<span class="pairs">${pairs.map(([name, value]) => html`<span>${name} ${name === 'order' ? html`<a href="/console/orders/${value}">${value}</a>` : html`<code>${value.length > 80 ? `${value.slice(0, 80)}…` : value}</code>`}</span>`)}</span>`;
}

function decisionOf(eyes: Eyes, row: ApprovalRow, userId: bigint, isDecider: boolean): Html | string {
  const { say } = eyes;
  if (row.askedBy === userId) return html`<small>${say('ownRequest')}</small>`;
  if (!isDecider) return '';
  return html`<div class="acts">${post(eyes, `/console/approvals/${String(row.id)}/approved`, html`<button class="primary small">${say('approve')}</button>`, 'inline')}${post(eyes, `/console/approvals/${String(row.id)}/refused`, html`<button class="small">${say('refuse')}</button>`, 'inline')}</div>`;
}

function decision(state: 'approved' | 'refused'): Row {
  return {
    method: 'POST',
    path: `/console/approvals/{id}/${state}`,
    roles: deciders,
    tenant: 'operator-only',
    async answer({ desk, eyes, person, params }) {
      const carried = await decide(desk, person, idIn(params), state);
      const note = eyes.say(state === 'approved' ? 'approved' : 'refusedNote');
      if (carried === null || Object.keys(carried.shown).length === 0)
        return { kind: 'go', to: '/console/approvals', note };
      return page(eyes.say('approved'), shownOnce(eyes, carried.shown, '/console/approvals'));
    },
  };
}

/** Secrets on the one page that ever has them. */
export function shownOnce(eyes: Eyes, shown: Readonly<Record<string, string>>, back: string): Html {
  const { say } = eyes;
  return html`${headed(say('shownOnce'))}${card(say('keys'), html`${facts(Object.entries(shown).map(([name, value]) => [name, html`<pre class="secret">${value}</pre>${copyable(eyes, value)}`] as const))}<p><a class="button" href="${back}">${say('back')}</a></p>`)}`;
}

export const decisionRows: readonly Row[] = [
  { method: 'GET', path: '/console/reviews/{id}', roles: everybody, tenant: 'operator-only', answer: review },
  { method: 'POST', path: '/console/reviews/{id}/close', roles: deciders, tenant: 'operator-only', answer: close },
  { method: 'GET', path: '/console/approvals', roles: moneyRoles, tenant: 'operator-only', answer: approvals },
  decision('approved'),
  decision('refused'),
];
