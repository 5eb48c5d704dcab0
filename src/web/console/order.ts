/** One order: the flight recorder. Its numbers, everything that happened to it in one line of time, and safe actions beside it. */
import { isFinal, type Order } from '../../core/order.ts';
import { Refusal } from '../../core/refusal.ts';
import { resendNotices } from '../../flows/administer.ts';
import { askSecond, outcomes } from '../../flows/approve.ts';
import type { Move } from '../../core/ledger.ts';
import { queryUpstream } from '../../flows/chase.ts';
import { endUnpaid } from '../../flows/close-payment.ts';
import { settleTo } from '../../flows/settle-suspense.ts';
import { note } from '../../flows/users.ts';
import { unsettledSuspense } from '../../store/ledger.ts';
import { idOf } from '../api/desk.ts';
import { orderNamed, timeline } from '../api/show.ts';
import { type Html, html } from '../html.ts';
import { placeOf } from './frame.ts';
import { methodOf } from './lists.ts';
import { takePace } from './pace.ts';
import { quoted, recorder } from './recorder.ts';
import {
  amountField,
  badge,
  card,
  choose,
  copyable,
  crumbs,
  dangerous,
  facts,
  field,
  headed,
  merchantLink,
  money,
  plainDecimal,
  post,
  time,
  timeThere,
} from './parts.ts';
import { reasonText } from './retell.ts';
import { type Eyes, everybody, may, page, type Row, type Visit } from './row.ts';
import { resenders } from './traffic.ts';
import { sayValue } from './words.ts';

/** Roles that may ask for money to move. */
export const askers: Row['roles'] = ['finance', 'approver', 'admin'];
const queriers: Row['roles'] = ['support', 'finance', 'approver', 'admin'];

async function orderOf({ desk, person, params }: Visit): Promise<Order> {
  return orderNamed(desk, person, params['id'] ?? '');
}

async function detail(visit: Visit) {
  const { desk, eyes, person } = visit;
  const { say } = eyes;
  const order = await orderOf(visit);
  const entries = await timeline(desk, order, person.merchantId);
  const suspense = await unsettledSuspense(desk.gate.db, order.home, order.id);
  const title = html`${money(order.amount.minor, order.amount.currency)} ${badge(eyes, order.state)}`;
  const kind = sayValue(say, 'kind', order.kind);
  return page(
    `${kind} ${order.orderNo}`,
    html`${crumbs(eyes, `${order.kind}s`, `/console/${order.kind}s`, order.orderNo)}${headed(title, html`<code>${order.platformNo}</code>${copyable(eyes, order.platformNo)}`)}
<div class="split"><div>${card(say('timeline'), recorder(visit, order, entries))}</div><div>${card(say('facts'), numbers(visit, order))}${actions(visit, order, suspense)}</div></div>`,
  );
}

function numbers({ desk, eyes, person }: Visit, order: Order): Html {
  const { say } = eyes;
  const { merchants, channels } = desk.gate.directory();
  const { currency } = order.amount;
  const isBad = order.state !== 'paid' && order.state !== 'succeeded';
  const merchant = merchants.get(order.merchantId);
  const channel = order.channelId === null ? undefined : channels.get(order.channelId);
  const code = (text: string | null) => (text === null ? null : html`<code>${text}</code>${copyable(eyes, text)}`);
  const isPayable = order.kind === 'payment' && (order.state === 'new' || order.state === 'pending');
  const deskUrl = isPayable ? desk.gate.deskUrl(order) : null;
  return facts([
    [
      say('merchant'),
      person.merchantId === null && merchant ? merchantLink(merchant.name, merchant.id) : merchant?.name,
    ],
    [say('protocol'), order.protocol],
    [say('orderNo'), code(order.orderNo)],
    [say('platformNo'), code(order.platformNo)],
    [say('channel'), channel?.name],
    [say('reference'), code(order.reference)],
    [say('upstreamNo'), code(order.upstreamNo)],
    [say('method'), methodOf(eyes, order)],
    [say('fee'), order.fee === 0n ? null : money(order.fee, currency)],
    [say('refunded'), order.kind === 'payment' && order.refunded > 0n ? money(order.refunded, currency) : null],
    [
      say('kind.payment'),
      order.kind === 'refund' &&
        html`<a href="/console/orders/${String(order.paymentId)}">${order.detail.paymentOrderNo}</a>`,
    ],
    [say('subject'), order.kind === 'refund' ? order.detail.reason : order.detail.subject],
    [say('reason'), isBad && order.reason && reasonText(eyes, order.reason)],
    [say('noticeAddress'), order.detail.notify && html`<span class="long">${order.detail.notify.url}</span>`],
    [say('paySide'), deskUrl !== null && html`<a href="${deskUrl}">${deskUrl}</a>`],
    [say('created'), html`${time(eyes, order.createdAt)}${timeThere(eyes, order.createdAt, currency)}`],
    [
      say('finished'),
      order.finishedAt !== null && html`${time(eyes, order.finishedAt)}${timeThere(eyes, order.finishedAt, currency)}`,
    ],
    [
      say('expires'),
      order.kind === 'payment' && !isFinal(order) && order.expiresAt !== null && time(eyes, order.expiresAt),
    ],
  ]);
}

function actions(visit: Visit, order: Order, suspense: readonly Move[]): Html | null {
  const { desk, eyes, person } = visit;
  const { say } = eyes;
  const id = String(order.id);
  const canAsk = may(person, { roles: askers, tenant: 'operator-only' });
  const rest = restOf(order);
  const curl = `curl -H "Authorization: Bearer $KANAL_TOKEN" ${quoted(`${desk.publicUrl()}/admin/v1/orders/${id}`)}`;
  const canTend = may(person, { roles: queriers, tenant: 'merchant-bound' });
  const parts = [
    !isFinal(order) && order.state !== 'requested' && order.channelId !== null && canTend
      ? post(eyes, `/console/orders/${id}/query`, html`<button class="wide">${say('queryNow')}</button>`, 'inline')
      : null,
    order.kind === 'payment' && !isFinal(order) && canTend
      ? dangerous(
          eyes,
          `/console/orders/${id}/close`,
          say('closeAsk'),
          html`<button class="wide">${say('closeNow')}</button>`,
        )
      : null,
    person.merchantId === null ? copyable(eyes, curl, say('copyCurl')) : null,
    canAsk && rest > 0n
      ? html`<details><summary>${say('refundAsk')}</summary>${post(eyes, `/console/orders/${id}/refund`, html`${amountField(say('amount'), 'amount', order.amount.currency, { value: plainDecimal(rest, order.amount.currency) })}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`)}</details>`
      : null,
    canAsk && order.kind === 'payout' && order.state === 'requested' ? heldForm(eyes, id) : null,
    canAsk && !isFinal(order) && order.state !== 'requested'
      ? html`<details><summary>${say('outcomeAsk')}</summary>${outcomeForm(eyes, order)}</details>`
      : null,
    canAsk && suspense.length > 0
      ? html`<details open><summary>${say('settleAsk')}</summary>${settleForm(eyes, order, suspense)}</details>`
      : null,
  ].filter((one) => one !== null);
  return parts.length === 0 ? null : card(say('actions'), html`<div class="stack">${parts}</div>`);
}

/** What is left to be refunded, in smallest units. */
function restOf(order: Order): bigint {
  return order.kind === 'payment' ? order.paid - order.refunded - order.refundPending : 0n;
}

/** A payout above the limit: let go, or refused; either takes two persons. */
function heldForm(eyes: Eyes, id: string): Html {
  const { say } = eyes;
  const choices = [
    { value: 'send', label: say('heldSend') },
    { value: 'refuse', label: say('heldRefuse') },
  ];
  return html`<p class="hint">${say('heldHelp')}</p>${post(eyes, `/console/orders/${id}/held`, html`${choose(say('decision'), 'what', choices)}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`)}`;
}

async function askHeld(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const order = await orderOf(visit);
  const what = form.oneOf('what', ['send', 'refuse']);
  await askSecond(desk, person, `payout.${what}`, { order: String(order.id) }, form.required('why', 500));
  return { kind: 'go', to: `/console/orders/${order.id}`, note: eyes.say('asked') } as const;
}

export function outcomeForm(eyes: Eyes, order: Order): Html {
  const { say } = eyes;
  const choices = outcomes[order.kind].map((value) => ({ value, label: sayValue(say, 'state', value) }));
  return html`<p class="hint">${say('outcomeHelp')}</p>${post(eyes, `/console/orders/${String(order.id)}/outcome`, html`${choose(say('state'), 'outcome', choices)}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`)}`;
}

/** What lies in suspense of an order, and whose it is: the sums are those of the books, nobody types them. */
/** Each sum with the way it went. */
export function sumsAside({ say }: Eyes, suspense: readonly Move[]) {
  return suspense.map(
    ({ reason, amount, currency }) =>
      [say(reason.startsWith('suspense-in') ? 'cameIn' : 'isMissing'), money(amount, currency)] as const,
  );
}

export function settleForm(eyes: Eyes, order: Order, suspense: readonly Move[]): Html {
  const { say } = eyes;
  // While the order is open the same movement may yet become its own: it is not the merchant's twice.
  const choices = settleTo
    .filter((value) => value === 'channel' || isFinal(order))
    .map((value) => ({
      value,
      label: say(value === 'merchant' ? 'settleMerchant' : 'settleChannel'),
    }));
  return html`<p class="hint">${say('settleHelp')}</p>${facts(sumsAside(eyes, suspense))}${post(eyes, `/console/orders/${String(order.id)}/settle`, html`${choose(say('settleTo'), 'to', choices)}${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`)}`;
}

async function askSettle(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const order = await orderOf(visit);
  const why = form.required('why', 500);
  await askSecond(
    desk,
    person,
    'suspense.settle',
    { order: String(order.id), to: form.oneOf('to', settleTo), why },
    why,
  );
  return { kind: 'go', to: `/console/orders/${order.id}`, note: eyes.say('asked') } as const;
}

/** Each asks the channel, which may tire of us. */
const mostPerMinute = 30;

/** As the merchant's own closing: the channel closes first, and money on its way wins. */
async function closeNow(visit: Visit) {
  const { desk, eyes, person } = visit;
  const order = await orderOf(visit);
  if (order.kind !== 'payment') throw new Refusal('not-found');
  takePace(visit, 'channel', mostPerMinute);
  await note(desk.gate, person.name, 'payment.close', { order: String(order.id) });
  const after = isFinal(order) ? order : await endUnpaid(desk.gate, order);
  return {
    kind: 'go',
    to: `/console/orders/${order.id}`,
    note: eyes.say('queried', { state: sayValue(eyes.say, 'state', after.state) }),
  } as const;
}

async function queryNow(visit: Visit) {
  const { desk, eyes, person } = visit;
  const order = await orderOf(visit);
  takePace(visit, 'channel', mostPerMinute);
  await note(desk.gate, person.name, 'order.query', { order: String(order.id) });
  const after = await queryUpstream(desk.gate, order);
  return {
    kind: 'go',
    to: `/console/orders/${order.id}`,
    note: eyes.say('queried', { state: sayValue(eyes.say, 'state', after.state) }),
  } as const;
}

async function askRefund(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const order = await orderOf(visit);
  const why = form.required('why', 500);
  const amount = form.amount('amount', order.amount.currency);
  // Said now, to whoever mistyped: a second person would agree to what cannot be done.
  if (amount.minor > restOf(order))
    throw new Refusal('limit-exceeded', { field: 'amount', why: 'refund-remainder', text: 'more than is left' });
  const refundNo = `C${desk.gate.world.newId().toString(36).toUpperCase()}`;
  await askSecond(
    desk,
    person,
    'payment.refund',
    { order: String(order.id), amount: String(amount.minor), currency: amount.currency, refundNo, why },
    why,
  );
  return { kind: 'go', to: `/console/orders/${order.id}`, note: eyes.say('asked') } as const;
}

async function askOutcome(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const order = await orderOf(visit);
  const outcome = form.oneOf('outcome', outcomes[order.kind]);
  await askSecond(desk, person, 'order.outcome', { order: String(order.id), outcome }, form.required('why', 500));
  return { kind: 'go', to: `/console/orders/${order.id}`, note: eyes.say('asked') } as const;
}

const mostAtOnce = 500;

async function resend({ desk, eyes, person, form, request }: Visit) {
  const ids = form
    .list('id', mostAtOnce)
    .map(idOf)
    .filter((id) => id !== null);
  const back = backTo(request.headers['referer']);
  if (ids.length === 0) return { kind: 'go', to: back, note: eyes.say('chooseSome') } as const;
  const queued = await resendNotices(desk, person.name, ids, person.merchantId);
  return { kind: 'go', to: back, note: eyes.say('resent', { n: String(queued.length) }) } as const;
}

/** The page the form stood on. */
function backTo(referer: string | undefined): string {
  const place = placeOf(referer);
  return place !== null && /^\/console\/(?:notices|orders\/\d+)(?:\?|$)/.test(place) ? place : '/console/notices';
}

/** Throws Refusal `not-found` when the text is no id. */
export function idIn(params: Visit['params'], name = 'id'): bigint {
  const id = idOf(params[name] ?? '');
  if (id === null) throw new Refusal('not-found');
  return id;
}

export const orderRows: readonly Row[] = [
  { method: 'GET', path: '/console/orders/{id}', roles: everybody, tenant: 'merchant-bound', answer: detail },
  { method: 'POST', path: '/console/orders/{id}/query', roles: queriers, tenant: 'merchant-bound', answer: queryNow },
  { method: 'POST', path: '/console/orders/{id}/close', roles: queriers, tenant: 'merchant-bound', answer: closeNow },
  { method: 'POST', path: '/console/orders/{id}/settle', roles: askers, tenant: 'operator-only', answer: askSettle },
  { method: 'POST', path: '/console/orders/{id}/refund', roles: askers, tenant: 'operator-only', answer: askRefund },
  { method: 'POST', path: '/console/orders/{id}/outcome', roles: askers, tenant: 'operator-only', answer: askOutcome },
  { method: 'POST', path: '/console/orders/{id}/held', roles: askers, tenant: 'operator-only', answer: askHeld },
  { method: 'POST', path: '/console/notices/resend', roles: resenders, tenant: 'merchant-bound', answer: resend },
];
