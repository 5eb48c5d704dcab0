/** What must hold in the end, wherever the process died: merchant, gateway and bank tell one story, and the books are theirs. */
import { rawSql, sql } from '../../src/store/database.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import type { TwinOrder } from '../../src/twin/order.ts';
import type { ScriptedBank } from './bank.ts';
import type { Scenario } from './scenario.ts';
import type { ShopOrder, Word } from './shop.ts';
import type { Stage } from './stage.ts';

interface OrderRow {
  readonly kind: ShopOrder['kind'];
  readonly id: bigint;
  readonly merchantId: bigint;
  readonly orderNo: string;
  readonly state: string;
  readonly amount: bigint;
  readonly paymentId: bigint | null;
  readonly isLate: boolean;
}

interface NoticeRow {
  readonly id: bigint;
  readonly objectId: bigint;
  readonly event: string;
  readonly state: string;
  readonly attempts: bigint;
}

const allOrders = rawSql(`
  select 'payment' as kind, id, merchant_id as "merchantId", order_no as "orderNo", state, amount,
    null::bigint as "paymentId", false as "isLate" from kanal.payments
  union all select 'payout', id, merchant_id, order_no, state, amount, null, false from kanal.payouts
  union all select 'refund', id, merchant_id, order_no, state, amount, payment_id, coalesce((detail->>'isLate')::boolean, false) from kanal.refunds
  order by id`);

/** Everything known about one order. */
interface Story {
  readonly order: ShopOrder;
  readonly row: OrderRow;
  /** What its attempts made at the banks. */
  readonly atBank: readonly TwinOrder[];
  /** Net of what moved there for it, and for what was given back of it; minor units, inwards is positive. */
  readonly moved: bigint;
  readonly reviews: readonly string[];
  /** Something that was to go back of it waits for a person. */
  readonly isHeldUp: boolean;
  readonly notices: readonly NoticeRow[];
}

/** Nothing more will happen by itself that could change anything. */
export async function isAtRest(stage: Stage): Promise<boolean> {
  for (const bank of stage.banks) if (!(await bank.isQuiet())) return false;
  const [row] = await stage.books.owner.run<{ open: bigint; due: bigint }>(sql`
    with orders as (
      select id, state in ('new', 'sending', 'pending', 'unknown') as open from payments
      union all select id, state in ('requested', 'approved', 'sending', 'pending', 'unknown') from payouts
      union all select id, state in ('requested', 'sending', 'pending', 'unknown') from refunds)
    select (select count(*) from orders o where o.open and not exists (select from reviews r where r.object_id = o.id)) as open,
      (select count(*) from notices_due) + (select count(*) from work w join orders o on o.id = w.object_id where not o.open) as due`);
  return row?.open === 0n && row.due === 0n;
}

/** Every merchant asks once more about each order, and now gets an answer; about somebody else's it gets none. */
export async function askEverything(stage: Stage): Promise<void> {
  for (const order of ordersOf(stage)) {
    for (let i = 0; i < 20 && !(await order.shop.query(order)); i += 1) await stage.clock.sleep(10_000);
    await (order.shop === stage.shopA ? stage.shopB : stage.shopA).pry(order);
  }
}

function ordersOf({ shopA, shopB }: Stage): ShopOrder[] {
  return [...shopA.orders, ...shopB.orders];
}

export async function judge(stage: Stage, scenario: Scenario): Promise<void> {
  await stage.auditor.lookAtBooks();
  const { owner } = stage.books;
  const rows = await owner.run<OrderRow>(allOrders);
  await judgeClearing(stage);
  await judgeHolds(stage, rows);
  await judgeRemainders(stage);
  const reviews = await owner.run<{ id: bigint; reason: string }>(sql`select object_id as id, reason from reviews`);
  const attempts = await owner.run<{ id: bigint; reference: string }>(
    sql`select object_id as id, reference from attempts where reference is not null`,
  );
  const notices = await owner.run<NoticeRow>(sql`
    select id, object_id as "objectId", event, state,
      (select count(*) from notice_attempts a where a.home = n.home and a.notice_id = n.id) as attempts
    from notices n`);
  const referencesOf = (id: bigint) => attempts.filter((one) => one.id === id).map(({ reference }) => reference);
  for (const order of ordersOf(stage)) {
    const row = rows.find((one) => one.merchantId === order.shop.id && one.orderNo === order.no && !one.isLate);
    if (!row) {
      if (order.acknowledged) stage.fail(`${order.no} was acknowledged and does not exist`);
      continue;
    }
    const own = new Set(referencesOf(row.id));
    const refunds = rows.filter((one) => one.paymentId === row.id).map(({ id }) => id);
    const back = new Set(refunds.flatMap(referencesOf));
    judgeOrder(stage, scenario, {
      order,
      row,
      atBank: bankOrders(stage.banks, own),
      moved: movedOf(stage.banks, new Set([...own, ...back])),
      reviews: reviews.filter(({ id }) => id === row.id).map(({ reason }) => reason),
      isHeldUp: refunds.some((refund) => reviews.some(({ id }) => id === refund)),
      notices: notices.filter(({ objectId }) => objectId === row.id),
    });
  }
}

function bankOrders(banks: readonly ScriptedBank[], references: ReadonlySet<string>): TwinOrder[] {
  return banks.flatMap(({ orders }) => [...orders.values()].filter(({ reference }) => references.has(reference)));
}

function movedOf(banks: readonly ScriptedBank[], references: ReadonlySet<string>): bigint {
  return banks
    .flatMap(({ movements }) => movements)
    .filter(({ reference }) => references.has(reference))
    .reduce((sum, { minor }) => sum + minor, 0n);
}

/** What moved at each bank is what the postings say is to be cleared with it. */
async function judgeClearing(stage: Stage): Promise<void> {
  const rows = await stage.books.owner.run<{ account: string; currency: string; sum: bigint }>(sql`
    select account, currency, sum(amount)::bigint as sum from (
      select from_account as account, currency, amount from moves
      union all select to_account, currency, -amount from moves) as legs
    where account like 'channel/%/clearing' group by 1, 2`);
  for (const { protocol, channelId, movements } of stage.banks) {
    const account = `channel/${channelId}/clearing`;
    const currencies = new Set(
      [...movements, ...rows.filter((row) => row.account === account)].map((one) => one.currency),
    );
    for (const currency of currencies) {
      const atBank = movements.filter((one) => one.currency === currency).reduce((sum, { minor }) => sum + minor, 0n);
      const cleared = rows.find((row) => row.account === account && row.currency === currency)?.sum ?? 0n;
      if (atBank !== cleared)
        stage.fail(`${protocol}: ${atBank} ${currency} moved at the bank, the books clear ${cleared}`);
    }
  }
}

/** Held is what undecided payouts and refunds hold, and nothing else. */
async function judgeHolds(stage: Stage, rows: readonly OrderRow[]): Promise<void> {
  const held = await stage.books.owner.run<{ account: string; available: bigint }>(
    sql`select account, available from balances where account like 'merchant/%/held' and available <> 0`,
  );
  for (const { account, available } of held) {
    const id = BigInt(account.split('/')[1] ?? '0');
    const isOpen = rows.some(
      ({ merchantId, kind, state }) =>
        merchantId === id && kind !== 'payment' && ['requested', 'sending', 'pending', 'unknown'].includes(state),
    );
    if (!isOpen) stage.fail(`${account} holds ${available} for nobody`);
  }
}

/** Off a payment's remainder is what its refunds have given back or may still give back. */
async function judgeRemainders(stage: Stage): Promise<void> {
  const rows = await stage.books.owner.run<{ no: string }>(sql`
    select order_no as no from payments p cross join lateral (
      select coalesce(sum(amount) filter (where state = 'succeeded'), 0) as done,
        coalesce(sum(amount) filter (where state in ('requested', 'sending', 'pending', 'unknown')), 0) as open
      from refunds r where r.home = p.home and r.payment_id = p.id and not (r.detail ? 'isLate')) r
    where p.refunded <> r.done or p.refund_pending <> r.open`);
  for (const { no } of rows) stage.fail(`what is left of ${no} does not fit its refunds`);
}

const words: Readonly<Record<string, Word>> = {
  paid: 'success',
  succeeded: 'success',
  failed: 'fail',
  closed: 'fail',
  reversed: 'fail',
  cancelled: 'fail',
  returned: 'returned',
  unknown: 'pending',
  pending: 'pending',
  requested: 'pending',
};

/** What is told by a notice whatever way it was reached. Refunds: not every protocol tells of them. */
const mustTell: ReadonlySet<string> = new Set([
  'payment.paid',
  'payment.closed',
  'payment.reversed',
  'payout.succeeded',
  'payout.returned',
]);

/** Fufu's document tells that a pre-order was paid, and nothing else; a code at the till is answered. */
function owesNotice({ protocol, ask }: ShopOrder, ending: string): boolean {
  if (ask.notify === null || !mustTell.has(ending)) return false;
  return protocol !== 'fufu' || (ending === 'payment.paid' && 'method' in ask && ask.method !== 'barcode');
}

function judgeOrder(stage: Stage, scenario: Scenario, story: Story): void {
  const { order, row, reviews } = story;
  const fail = (what: string) => stage.fail(`${order.kind} ${order.no} (${row.state}): ${what}`);
  const word = words[row.state];
  if (word === undefined) return fail('is not over');
  if (word === 'pending' && reviews.length === 0) fail('is not over, and nobody was told to look');
  if (row.amount !== order.amount.minor) fail(`is over ${row.amount}, its merchant asked for ${order.amount.minor}`);
  judgeEnd(scenario, story, fail);
  judgeMoney(scenario, story, fail);
  judgeMerchant(scenario, story, word, fail);
  judgeNotices(story, fail);
}

/** As the script says; or, when the process died before the bank had heard of it, as nothing. */
function judgeEnd({ ends }: Scenario, { order, row, atBank }: Story, fail: (what: string) => void): void {
  const wanted = ends[order.kind] ?? [];
  if (wanted.includes(row.state)) return;
  const nothing = order.kind === 'payment' ? ['failed', 'closed', 'reversed'] : ['unknown', 'failed'];
  if (atBank.length > 0)
    fail(`${wanted.join(' or ')} was due: the bank says ${atBank.map(({ outcome }) => outcome).join()}`);
  if (!nothing.includes(row.state)) fail('the bank has never heard of it');
}

/** At most one execution; and what the state says is what moved. */
function judgeMoney({ doublePay }: Scenario, story: Story, fail: (what: string) => void): void {
  const { order, row, atBank, moved, reviews, isHeldUp } = story;
  const executed = atBank.filter(({ outcome }) => ['paid', 'returned'].includes(outcome));
  if (executed.length > 1) fail(`was executed under ${executed.length} references`);
  if (executed.some(({ count }) => count > 1) && !doublePay) fail('was executed more than once');
  const { minor } = order.amount;
  const states: Readonly<Record<string, readonly bigint[]>> = {
    paid: [minor],
    succeeded: [-minor],
  };
  const wanted = states[row.state] ?? [0n];
  const refunded = row.state === 'paid' && moved >= 0n && moved <= minor;
  const inSuspense = reviews.some((reason) => ['second-success', 'late-money', 'amount-mismatch'].includes(reason));
  if (!wanted.includes(moved) && !refunded && !inSuspense && !isHeldUp) fail(`${moved} moved at the bank`);
}

function judgeMerchant({ twoStories }: Scenario, story: Story, word: Word, fail: (what: string) => void): void {
  const { order, row } = story;
  const last = order.told.findLast(({ how }) => how === 'query');
  if (!last) fail('could not be asked for');
  const says = last?.word === 'returned' ? 'fail' : last?.word;
  if (says !== (word === 'returned' ? 'fail' : word)) fail(`its merchant is told ${last?.word}`);
  const told = new Set(order.told.map((one) => one.word));
  if (told.has('success') && (told.has('fail') || told.has('returned')) && !twoStories && row.state !== 'returned')
    fail('its merchant was told success and failure');
  if (told.has('fail') && word === 'pending') fail('its merchant was told a failure that nobody knows of');
}

function judgeNotices({ order, row, notices }: Story, fail: (what: string) => void): void {
  const ending = `${row.kind}.${row.state}`;
  const events = notices.map(({ event }) => event);
  if (owesNotice(order, ending) && !events.includes(ending)) fail(`nobody owes a notice of ${ending}`);
  if (new Set(events).size !== events.length) fail(`was told the same twice: ${events.join()}`);
  const most = 1 + Math.max(3, protocolNamed(order.protocol).retry.gapsMs.length);
  for (const { id, state, event, attempts } of notices) {
    if (state === 'pending') fail(`its notice of ${event} is neither delivered nor given up`);
    if (state === 'done' && !order.shop.taken.has(`msg_${id}`)) fail('its notice is done, and was not taken');
    if (attempts > most) fail(`its notice was tried ${attempts} times`);
  }
}
