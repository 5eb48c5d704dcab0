/** The first page: what came in, how well it goes, and what waits for a person. */
import {
  type Bucket,
  type ChannelHealth,
  channelHealth,
  channelShares,
  methodShares,
  needsOf,
  type Span,
  type Totals,
  totalsOf,
  trendOf,
} from '../../store/figures.ts';
import { moneyRoles } from '../../store/tokens.ts';
import { homesFor } from '../api/desk.ts';
import { type Html, html, type Piece } from '../html.ts';
import { bars, slices, spread } from './chart.ts';
import { badge, card, headed, money, table, timeText } from './parts.ts';
import { type Eyes, everybody, may, page, type Person, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

interface Range {
  readonly name: '1' | '7' | '30';
  readonly span: Span;
  /** As long, just before, up to this moment of it. */
  readonly before: Span;
  readonly bucketMs: number;
  readonly buckets: number;
}

/** The beginning of the viewer's day: the offset of their zone now is good enough for a chart. */
function startOfDay(now: number, zone: string): number {
  const [date = '', clock = ''] = timeText(now, zone).split(' ');
  const offset = Date.parse(`${date}T${clock}Z`) - Math.floor(now / 1000) * 1000;
  return Math.floor((now + offset) / dayMs) * dayMs - offset;
}

function rangeOf({ desk, person, eyes, query }: Visit): Range {
  const now = desk.gate.world.now();
  const midnight = startOfDay(now, eyes.zone);
  const asked = query.get('days');
  const name = asked === '1' || asked === '30' ? asked : '7';
  const from = midnight - (Number(name) - 1) * dayMs;
  const whose = { merchantId: person.merchantId, homes: homesFor(desk, person.merchantId) };
  const span = { ...whose, from, to: midnight + dayMs };
  const days = Number(name) * dayMs;
  const before = { ...whose, from: from - days, to: now - days };
  return name === '1'
    ? { name, span, before, bucketMs: hourMs, buckets: 24 }
    : { name, span, before, bucketMs: dayMs, buckets: Number(name) };
}

async function home(visit: Visit) {
  const { desk, eyes, person } = visit;
  const { say } = eyes;
  const { db } = desk.gate;
  const range = rangeOf(visit);
  const [totals, earlier, trend, methods] = await Promise.all([
    totalsOf(db, range.span),
    totalsOf(db, range.before),
    trendOf(db, range.span, range.bucketMs),
    methodShares(db, range.span),
  ]);
  const isOperator = person.merchantId === null;
  const content = html`${headed(say('home'), rangeLinks(eyes, range))}
${await waiting(visit)}
${
  totals.length === 0
    ? html`<p class="card empty">${say('noData')}</p>`
    : totals.map((one) =>
        figures(
          eyes,
          one,
          earlier.find(({ currency }) => currency === one.currency),
        ),
      )
}
<div class="columns">${trendCards(eyes, range, totals, trend)}${methods.length > 0 && card(say('byMethod'), slices(methods.map(({ what, count }) => ({ label: sayValue(say, 'method', what), count }))))}${isOperator && (await channelCard(visit, range.span))}</div>
${isOperator && (await healthCard(visit))}`;
  return page(say('home'), content);
}

function rangeLinks({ say }: Eyes, { name }: Range): Html {
  const link = (days: Range['name'], label: string) =>
    html`<a href="/console?days=${days}" ${name === days && html`aria-current="true"`}>${label}</a>`;
  return html`<nav class="tabs">${link('1', say('today'))}${link('7', say('days', { n: '7' }))}${link('30', say('days', { n: '30' }))}</nav>`;
}

function figure(label: Piece, value: string, small: string | null = null): Html {
  return html`<div><dt>${label}</dt><dd>${value}${small !== null && html`<small>${small}</small>`}</dd></div>`;
}

/** "+12 %" against the time before; null while there was nothing to compare with. */
function changeOf({ say }: Eyes, now: bigint, before: bigint | undefined): string | null {
  if (before === undefined || before === 0n) return null;
  const percent = ((now - before) * 100n) / before;
  return say('against', {
    change: `${percent > 0n ? '+' : percent < 0n ? '−' : '±'}${percent < 0n ? -percent : percent} %`,
  });
}

function figures(eyes: Eyes, totals: Totals, earlier: Totals | undefined): Html {
  const { say } = eyes;
  const { currency, orders, finished, paidCount } = totals;
  const rate =
    finished === 0
      ? '–'
      : `${((paidCount * 1000) / finished / 10).toLocaleString('en', { maximumFractionDigits: 1 })} %`;
  return html`<dl class="figures" aria-label="${currency}">${figure(html`${say('paidSum')} <small>${currency}</small>`, money(totals.paid, currency), changeOf(eyes, totals.paid, earlier?.paid))}${figure(say('paidCount'), String(paidCount), `${say('openOrders')}: ${orders - finished}`)}${figure(say('successRate'), rate, say('successOf', { done: String(paidCount), all: String(finished) }))}${figure(say('refundsSum'), money(totals.refunded, currency))}${figure(say('paidOutSum'), money(totals.paidOut, currency))}${figure(say('feesSum'), money(totals.fees, currency), changeOf(eyes, totals.fees, earlier?.fees))}</dl>`;
}

function trendCards(eyes: Eyes, range: Range, totals: readonly Totals[], trend: readonly Bucket[]): Html {
  const { say, zone } = eyes;
  const title = say(range.name === '1' ? 'trendHours' : 'trend');
  const present = totals.filter(({ paidCount }) => paidCount > 0).slice(0, 4);
  // Alone it may be wide; several stand side by side, so that all are seen at once.
  const look = present.length === 1 ? 'card wide' : 'card';
  const cards = present.map(({ currency }) => {
    const list = Array.from({ length: range.buckets }, (_, no) => {
      const found = trend.find((one) => one.currency === currency && one.no === no);
      const at = timeText(range.span.from + no * range.bucketMs, zone);
      const label = range.name === '1' ? at.slice(11, 16) : at.slice(5, 10);
      const value = found?.paid ?? 0n;
      return { label, value, title: `${label}: ${money(value, currency)} (${found?.count ?? 0})` };
    });
    const most = list.reduce((max, { value }) => (value > max ? value : max), 0n);
    return html`<section class="${look}"><header><h2>${title} <small>${currency}</small></h2><span class="quiet">${say('mostIs', { amount: money(most, currency) })}</span></header>${bars(list, `${title}, ${currency}`)}</section>`;
  });
  return html`${cards}`;
}

async function channelCard({ desk, eyes }: Visit, span: Span): Promise<Html | null> {
  const shares = await channelShares(desk.gate.db, span);
  if (shares.length === 0) return null;
  const { channels } = desk.gate.directory();
  const name = (what: string) => channels.get(BigInt(what))?.name ?? '–';
  return card(eyes.say('byChannel'), slices(shares.map(({ what, count }) => ({ label: name(what), count }))));
}

async function healthCard({ desk, eyes }: Visit): Promise<Html> {
  const { say } = eyes;
  const { db, world } = desk.gate;
  const health = await channelHealth(db, homesFor(desk, null), world.now() - dayMs);
  const seen = new Map(health.map((one) => [one.channelId, one]));
  const rows = [...desk.gate.directory().channels.values()];
  const slowest = Math.max(0, ...health.map(({ slow }) => slow ?? 0));
  const ms = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : `${Math.round(value)} ms`;
  const look = (one: ChannelHealth | undefined) =>
    one === undefined || one.median === null || one.slow === null ? null : spread(one.median, one.slow, slowest);
  return html`<section class="card flush"><header><h2>${say('channelHealth')}</h2><span class="quiet">${say('lastDay')} · ${say('noAnswerHelp')}</span></header>${table(
    [
      {
        head: say('channel'),
        cell: ({ name, id }) => html`<a class="strong" href="/console/channels/${String(id)}">${name}</a>`,
        look: 'name',
      },
      { head: say('state'), cell: ({ state }) => badge(eyes, state), look: 'state' },
      { head: say('attempts'), cell: ({ id }) => seen.get(id)?.attempts ?? 0, look: 'number' },
      { head: say('noAnswer'), cell: ({ id }) => unclear(seen.get(id)), look: 'number' },
      { head: say('answerSpeed'), cell: ({ id }) => look(seen.get(id)), isExtra: true },
      { head: say('medianTime'), cell: ({ id }) => ms(seen.get(id)?.median), look: 'number' },
      { head: say('slowTime'), cell: ({ id }) => ms(seen.get(id)?.slow), look: 'number' },
    ],
    rows,
    say('channelNone'),
  )}</section>`;
}

/** How many, and what part of all: three of five are something else than three of a thousand. */
function unclear(health: ChannelHealth | undefined): string {
  if (health === undefined || health.unclear === 0) return '0';
  const percent = Math.max(1, Math.round((health.unclear * 100) / health.attempts));
  return `${health.unclear} (${percent} %)`;
}

async function waiting({ desk, eyes, person }: Visit): Promise<Html> {
  const { say } = eyes;
  const { merchantId } = person;
  const from = desk.gate.world.now() - 30 * dayMs;
  const needs = await needsOf(desk.gate.db, { merchantId, homes: homesFor(desk, merchantId), from });
  const places = placesFor(person);
  const rows = [
    { count: needs.reviews, word: say('openReviews'), to: '/console/reviews?state=open', isFor: places.reviews },
    { count: needs.approvals, word: say('openApprovals'), to: '/console/approvals', isFor: places.approvals },
    { count: needs.held, word: say('heldPayouts'), to: '/console/payouts?state=requested', isFor: true },
    { count: needs.unknownPayments, word: say('unknownPayments'), to: '/console/payments?state=unknown', isFor: true },
    { count: needs.unknownPayouts, word: say('unknownPayouts'), to: '/console/payouts?state=unknown', isFor: true },
    { count: needs.unknownRefunds, word: say('unknownRefunds'), to: '/console/refunds?state=unknown', isFor: true },
    { count: needs.lostNotices, word: say('lostNotices'), to: '/console/notices?state=exhausted', isFor: true },
  ].filter(({ count, isFor }) => isFor && count > 0);
  return html`<section class="needs ${rows.length === 0 ? 'calm' : ''}"><h2>${say('needsPerson')}</h2>${
    rows.length === 0
      ? html`<p>${say('needsNobody')}</p>`
      : html`<ul>${rows.map(({ count, word, to }) => html`<li><a href="${to}"><strong>${count}</strong> ${word}</a></li>`)}</ul>`
  }</section>`;
}

function placesFor(person: Person) {
  return {
    reviews: may(person, { roles: everybody, tenant: 'operator-only' }),
    approvals: may(person, { roles: moneyRoles, tenant: 'operator-only' }),
  };
}

export const homeRows: readonly Row[] = [
  { method: 'GET', path: '/console', roles: everybody, tenant: 'merchant-bound', answer: home },
];
