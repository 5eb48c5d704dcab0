/** What must hold in the end, when faults are off and every ladder has been climbed: shop, gateway and bank tell one story. */
import { sql } from '../../src/store/database.ts';
import type { TwinOrder } from '../../src/twin/order.ts';
import type { OrderRow } from './auditor.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import { checkRefunds } from './ending-refunds.ts';
import { checkStatements } from './ending-statements.ts';
import type { ShopOrder, Told, Word } from './orders.ts';
import type { Scene } from './scene.ts';
import { type Movement, clearedBy } from './upstream.ts';

/** Nothing more will happen by itself that could change anything. What is `sending` will be looked at, whatever a person is to look at beside. */
export async function isAtRest(scene: Scene): Promise<boolean> {
  if (scene.payers.waiting > 0) return false;
  for (const upstream of scene.upstreams) if (!(await upstream.isQuiet())) return false;
  const [row] = await scene.books.owner.run<{ open: bigint; due: bigint }>(sql`
    select (select count(*) from payments p where state in ('new', 'sending', 'pending', 'unknown') and (${scene.isTidy} or p.state = 'sending' or not exists (
        select from reviews r where r.object_id = p.id and r.reason = 'amount-mismatch')))
      + (select count(*) from payouts p where state in ('approved', 'sending', 'pending', 'unknown') and (${scene.isTidy} or p.state = 'sending' or not exists (
        select from reviews r where r.object_id = p.id and r.reason in ('payout-not-found', 'amount-mismatch'))))
      + (select count(*) from refunds p where state in ('requested', 'sending', 'pending', 'unknown') and (${scene.isTidy} or p.state = 'sending' or not exists (
        select from reviews r where r.object_id = p.id and r.reason in ('refund-not-found', 'amount-mismatch')))) as open,
      (select count(*) from notices_due) as due`);
  return row?.open === 0n && row.due === 0n;
}

/** Everything known about one order. */
export interface Story {
  readonly order: ShopOrder;
  readonly row: OrderRow | null;
  readonly atBank: readonly TwinOrder[];
  readonly moved: readonly Movement[];
  /** Net of the order's postings, and of its refunds', on the channel's clearing account. */
  readonly cleared: bigint;
  /** Those its merchant asked for and those we began ourselves. */
  readonly refunds: readonly RefundStory[];
  readonly reviews: readonly string[];
  readonly notices: readonly NoticeRow[];
  readonly attempts: number;
  /** The bank called back to the end of its ladder. */
  readonly isUnheard: boolean;
  /** People have decided whatever was left to them. */
  readonly isTidy: boolean;
}

export interface RefundStory {
  readonly row: OrderRow;
  /** Null = the bank never executed it. */
  readonly atBank: TwinOrder | null;
  readonly cleared: bigint;
  readonly reviews: readonly string[];
  readonly notices: readonly NoticeRow[];
}

export interface NoticeRow {
  readonly id: bigint;
  readonly objectId: bigint;
  readonly event: string;
  readonly state: string;
  readonly attempts: bigint;
}

/** Every merchant asks once more about each order, and now gets an answer. */
export async function askEverything(scene: Scene, until: (isOver: () => boolean) => Promise<void>): Promise<void> {
  const questions = ordersOf(scene).flatMap((order) => [
    () => order.merchant.query(order),
    ...order.refunds.map((refund) => () => order.merchant.queryRefund(refund)),
  ]);
  let open = questions.length;
  for (const ask of questions) scene.spawn(askUntilAnswered(scene, ask).finally(() => (open -= 1)));
  await until(() => open === 0);
}

/** Processes may still stand still, or be on their way up. */
async function askUntilAnswered(scene: Scene, ask: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 20; i += 1) {
    if (await ask()) return;
    await scene.clock.sleep(10_000);
  }
}

function ordersOf(scene: Scene): ShopOrder[] {
  return scene.shops.flatMap((shop) => [...shop.orders.values()]);
}

export async function checkEnd(scene: Scene): Promise<void> {
  await scene.auditor.lookAtBooks();
  for (const story of await stories(scene)) check(scene, story);
  await checkStatements(scene);
}

async function stories(scene: Scene): Promise<Story[]> {
  const { owner } = scene.books;
  const rows = await scene.auditor.orders();
  const reviews = await owner.run<{ id: bigint; reason: string }>(sql`
    select object_id as id, reason || case when decision ->> 'text' like '%came back' then ', squared' else '' end as reason
    from reviews`);
  const notices = await owner.run<NoticeRow>(sql`
    select id, object_id as "objectId", event, state,
      (select count(*) from notice_attempts a where a.home = n.home and a.notice_id = n.id) as attempts
    from notices n`);
  const clearing = await owner.run<{ id: bigint; sum: bigint }>(sql`
    select object_id as id, sum(case when from_account like 'channel/%/clearing' then -amount else amount end)::bigint as sum
    from moves where from_account like 'channel/%/clearing' or to_account like 'channel/%/clearing' group by 1`);
  const attempts = await owner.run<{ id: bigint }>(sql`select object_id as id from attempts`);
  const atBank = scene.upstreams.flatMap((upstream) => [...upstream.orders.values()]);
  const movements = scene.upstreams.flatMap((upstream) => upstream.movements);
  const facts = (id: bigint | undefined) => ({
    cleared: clearing.find((one) => one.id === id)?.sum ?? 0n,
    reviews: reviews.filter((one) => one.id === id).map(({ reason }) => reason),
    notices: notices.filter(({ objectId }) => objectId === id),
  });
  return ordersOf(scene).map((order) => {
    const row =
      rows.find((one) => one.kind !== 'refund' && one.merchantId === order.merchant.id && one.orderNo === order.no) ??
      null;
    const own = atBank.filter((one) => one.kind === order.kind && one.amount.minor === order.minor);
    const refunds = rows
      .filter((one) => one.kind === 'refund' && one.paymentId === row?.id)
      .map((one) => ({
        row: one,
        atBank: atBank.find(({ kind, reference }) => kind === 'refund' && reference === one.reference) ?? null,
        ...facts(one.id),
      }));
    const references = new Set([...own, ...refunds.flatMap((one) => one.atBank ?? [])].map((one) => one.reference));
    return {
      order,
      row,
      atBank: own,
      moved: movements.filter(({ reference }) => references.has(reference)),
      refunds,
      isTidy: scene.isTidy,
      isUnheard: own.some(({ reference }) => scene.upstreams.some(({ tiredOf }) => tiredOf.has(reference))),
      attempts: attempts.filter(({ id }) => id === row?.id).length,
      ...facts(row?.id),
    };
  });
}

const endings: Readonly<Record<string, Word>> = {
  paid: 'success',
  succeeded: 'success',
  failed: 'fail',
  closed: 'fail',
  reversed: 'fail',
  returned: 'returned',
  unknown: 'pending',
  // Another sum than ordered was paid: a person decides.
  pending: 'pending',
  // The same, when the bank has declined it since: the choice is open again, and the clock may not close it.
  new: 'pending',
};

/** States that are told by a notice, whatever way they were reached. */
const mustTell: ReadonlySet<string> = new Set(['paid', 'succeeded', 'closed', 'returned']);
/** Protocols that tell of nothing but success. */
const tellsSuccessOnly: ReadonlySet<string> = new Set(['fufu', 'bestpay', 'ysepay']);

function check(scene: Scene, story: Story): void {
  const { order, row, atBank, reviews } = story;
  const fail = (what: string) => scene.fail(`${order.kind} ${order.no} (${row?.state ?? 'absent'}): ${what}`);
  if (order.acknowledged && !row) fail('was acknowledged and does not exist');
  // At the desk a payer may choose again after a try that came to nothing.
  const counting = order.item.method === 'any' ? atBank.filter((one) => !isForNothing(story, one)) : atBank;
  if (counting.length > 1) fail(`was executed ${counting.length} times at the bank`);
  if (counting.some(({ reference }) => reference !== row?.reference))
    fail('stands at the bank under another reference');
  if (!row) return;
  scene.journal.count(`end: ${row.kind} ${row.state}`);
  const channel = scene.upstreams.find(({ channelId }) => channelId === row.channelId);
  if (atBank.length > 0 && channel) scene.journal.count(`${order.protocol} through ${channel.protocol}: done`);
  if (story.attempts > 1 && order.item.method !== 'any') scene.journal.count('failover: another channel was asked');
  for (const reason of reviews) scene.journal.count(`review: ${reason}`);
  const word = endings[row.state];
  // Another sum than ordered waits for a person, in whatever state that was told.
  if (word === undefined || (word === 'pending' && (reviews.length === 0 || story.isTidy))) fail('is not over');
  if (['unknown', 'pending'].includes(row.state) && reviews.length === 0)
    fail(`is ${row.state} and nobody was told to look`);
  const why = order.kind === 'payment' ? whyNotAsPaid(story) : whyNotAsPaidOut(story);
  if (why !== null && !isDoubtful(story) && !(isSilent(story) && isTooLate(row))) fail(why);
  if (!isSilent(story)) checkClearing(story, fail);
  checkMerchant(story, word ?? 'pending', fail);
  checkNotices(scene, story, fail);
  checkRefunds(scene, story);
}

/** Over before the money came. */
function isTooLate({ state }: OrderRow): boolean {
  return ['closed', 'reversed'].includes(state);
}

/** Declined, or everything went back by hand. */
function isForNothing({ moved, isTidy }: Story, { outcome, reference }: TwinOrder): boolean {
  const isBack = isTidy && outcome === 'paid' && clearedBy(moved.filter((one) => one.reference === reference)) === 0n;
  return outcome === 'declined' || isBack;
}

/** A bank that does not call back, or gave up: what comes later than our last query, nothing but a statement would tell. */
function isSilent({ atBank, isUnheard }: Story): boolean {
  return isUnheard || atBank.some((one) => one.callbackFaults.some(({ times }) => times === 0));
}

/** What the bank said of it was not what it did. */
function liesAbout({ callbackFaults }: TwinOrder): boolean {
  return callbackFaults.some((said) => said.status !== null || said.wrongAmount !== false);
}

/** … and a person was told to look. */
export function isLiedAbout({ atBank, reviews }: RefundStory): boolean {
  return atBank !== null && liesAbout(atBank) && reviews.length > 0;
}

/** The bank itself told two stories, or another amount moved than was ordered: a review is open, and a person decides. */
function isDoubtful(story: Story): boolean {
  const { atBank, moved, order, reviews } = story;
  if (story.refunds.some(isLiedAbout)) return true;
  const lied = atBank.some(liesAbout);
  const otherAmount = moved.some(({ way, minor }) => way !== 'refund' && way !== 'square' && minor !== order.minor);
  // payin's query names the ordered amount: only its callback tells what was paid.
  if (reviews.length > 0 && (lied || isDisowned(story))) return true;
  return otherAmount && (reviews.length > 0 || isSilent(story));
}

/** A bank that never calls and does not know its own payout when asked: nobody guesses, and a person was told to find out. */
function isDisowned(story: Story): boolean {
  return isSilent(story) && story.reviews.includes('payout-not-found');
}

function isOpenQuestion(story: Story): boolean {
  return !story.isTidy && (isDoubtful(story) || isBackUnbooked(story));
}

/** A payout that was heard of as paid after it had failed, and came back: where that was not told in one and the same sum, a person squares it. */
function isBackUnbooked({ atBank, reviews }: Story): boolean {
  return reviews.includes('late-payout') && atBank.some(({ outcome }) => outcome === 'returned');
}

/** Money that fits was received and not given back as too late, if and only if the payment is paid. */
function whyNotAsPaid({ order, row, moved, refunds }: Story): string | null {
  const fitting = moved.filter(({ way, minor }) => way === 'in' && minor === order.minor).length;
  const late = refunds.filter((one) => one.row.isLate).length;
  const fits = fitting > late;
  if (fits === (row?.state === 'paid')) return null;
  return fits ? 'the bank has the money' : 'the bank has no money for it';
}

const payoutEnds: Readonly<Record<string, readonly string[]>> = {
  paid: ['succeeded'],
  // Whoever hears of it only after the money came back is told what is told of a refusal: nothing was paid in the end.
  returned: ['returned', 'failed'],
  declined: ['failed'],
  cancelled: ['failed'],
};

function whyNotAsPaidOut({ row, atBank }: Story): string | null {
  const [there] = atBank;
  const fitting = there ? (payoutEnds[there.outcome] ?? []) : ['failed', 'unknown'];
  return fitting.includes(row?.state ?? '') ? null : `the bank says ${there?.outcome ?? 'nothing'}`;
}

function checkMerchant(story: Story, word: Word, fail: (what: string) => void): void {
  const { order, row, reviews } = story;
  const last = order.told.findLast(({ how }) => how === 'query');
  if (!last) fail('could not be asked for');
  const says = last?.word === 'returned' ? 'fail' : last?.word;
  if (says !== (word === 'returned' ? 'fail' : word)) fail(`its merchant is told ${last?.word}`);
  const words = new Set(order.told.map((told) => told.word));
  // Late money and money that came back are told twice, with a review or as what they are.
  const explained = row?.state === 'returned' || reviews.includes('late-money') || isDoubtful(story);
  if (words.has('success') && (words.has('fail') || words.has('returned')) && !explained)
    fail('its merchant was told success and failure');
}

function checkNotices(scene: Scene, { order, row, notices }: Story, fail: (what: string) => void): void {
  const ending = `${row?.kind}.${row?.state}`;
  const isTold = order.item.isTold && (row?.state === 'paid' || !tellsSuccessOnly.has(order.protocol));
  if (isTold && mustTell.has(row?.state ?? '') && !notices.some(({ event }) => event === ending))
    fail(`nobody owes a notice of ${ending}`);
  checkTold(scene, order.protocol, order.told, notices, fail);
}

/** Each notice was delivered, or given up after its ladder; what is delivered was heard. */
export function checkTold(
  scene: Scene,
  protocol: string,
  told: readonly Told[],
  notices: readonly NoticeRow[],
  fail: (what: string) => void,
): void {
  for (const notice of notices) {
    scene.journal.count(`notice: ${notice.state}`);
    if (notice.state === 'pending') fail(`its notice of ${notice.event} is neither delivered nor given up`);
    // Where a bare 200 acknowledges, somebody's page in between does so as well: the wire knows no better.
    const isFooled = protocol === 'unified' && scene.journal.counters.has('notice: html');
    if (notice.state === 'done' && !isFooled && !told.some(({ how }) => how === 'notice'))
      fail('its notice is done, and was not heard');
    // First attempt, the ladder's, and what a person asked for.
    const most = 1 + protocolNamed(protocol).retry.gapsMs.length + (scene.strangers.resent.get(notice.id) ?? 0);
    // A machine that stood still tells once more what it was busy with; meanwhile another one has.
    if (notice.attempts > most && !scene.journal.counters.has('pause'))
      fail(`its notice was tried ${notice.attempts} times`);
  }
}

/** What really moved at the bank is what the order's postings, and its refunds', say is to be cleared with it. */
function checkClearing(story: Story, fail: (what: string) => void): void {
  const { moved, refunds } = story;
  const atBank = clearedBy(moved);
  const cleared = refunds.reduce((sum, refund) => sum + refund.cleared, story.cleared);
  // What a review is open about may stand in suspense until a person decides.
  if (cleared !== atBank && !isOpenQuestion(story)) fail(`${atBank} moved at the bank, the books clear ${cleared}`);
}
