/** What must hold of refunds in the end: no more than was paid, each at most once, told as the bank's books have it. */
import { type RefundStory, type Story, checkTold, isLiedAbout } from './ending.ts';
import type { ShopRefund, Word } from './orders.ts';
import type { Scene } from './scene.ts';

const endings: Readonly<Record<string, Word>> = { succeeded: 'success', failed: 'fail', unknown: 'pending' };

/** What the bank says → the state that fits. A refund that it never executed may wait for a person. */
const fitting: Readonly<Record<string, readonly string[]>> = {
  paid: ['succeeded'],
  declined: ['failed'],
  cancelled: ['failed'],
};

export function checkRefunds(scene: Scene, story: Story): void {
  const { order, row, atBank, refunds } = story;
  const fail = (what: string) => scene.fail(`${order.no}: ${what}`);
  if (!row) return;
  const sum = (list: readonly RefundStory[]) => list.reduce((total, one) => total + one.row.amount, 0n);
  const own = refunds.filter((one) => !one.row.isLate);
  const done = sum(own.filter((one) => one.row.state === 'succeeded'));
  const open = sum(own.filter((one) => ['sending', 'pending', 'unknown'].includes(one.row.state)));
  if (row.kind === 'payment' && row.refunded !== done) fail(`${row.refunded} is refunded, its refunds are ${done}`);
  if (row.kind === 'payment' && row.refunding !== open) fail(`${row.refunding} is being refunded, it is ${open}`);
  if (done + open > row.paid) fail(`${done} and ${open} are refunded of ${row.paid}`);
  for (const payment of atBank) {
    const back = refunds.filter((one) => one.atBank?.outcome === 'paid');
    if (sum(back) > payment.paid * BigInt(payment.count)) fail(`the bank gave ${sum(back)} back of ${payment.paid}`);
  }
  for (const refund of refunds) checkAtBank(scene, refund);
  for (const asked of order.refunds) checkAsked(scene, asked, own);
}

function checkAtBank(scene: Scene, refund: RefundStory): void {
  const { row, atBank, cleared, reviews } = refund;
  const fail = (what: string) => scene.fail(`refund ${row.orderNo} (${row.state}): ${what}`);
  scene.journal.count(`end: ${row.isLate ? 'late ' : ''}refund ${row.state}`);
  for (const reason of reviews) scene.journal.count(`review: ${reason}`);
  if (isLiedAbout(refund)) return;
  const may = atBank ? (fitting[atBank.outcome] ?? []) : ['failed', 'unknown'];
  if (!may.includes(row.state)) fail(`the bank says ${atBank?.outcome ?? 'nothing'}`);
  if (row.state === 'unknown' && reviews.length === 0) fail('is unknown and nobody was told to look');
  if (atBank && atBank.amount.minor !== row.amount) fail(`of ${row.amount} was executed as ${atBank.amount.minor}`);
  const moved = atBank?.outcome === 'paid' ? row.amount : 0n;
  if (cleared !== moved) fail(`${moved} moved at the bank, the books clear ${cleared}`);
}

function checkAsked(scene: Scene, asked: ShopRefund, own: readonly RefundStory[]): void {
  const rows = own.filter((one) => one.row.orderNo === asked.no);
  const [refund, another] = rows;
  const fail = (what: string) => scene.fail(`refund ${asked.no} (${refund?.row.state ?? 'absent'}): ${what}`);
  if (another) fail('stands in the books twice');
  if (!refund) {
    if (asked.acknowledged) fail('was acknowledged and does not exist');
    return;
  }
  if (isLiedAbout(refund)) return;
  const word = endings[refund.row.state];
  // Asked for again under its own number after it had failed: by the merchant, or by a copy of its request that was long on its way.
  if (refund.row.drives > 1) scene.journal.count('refund: begun again');
  const last = asked.told.findLast(({ how }) => how === 'query');
  if (word === undefined) fail('is not over');
  // A bank that did not know it yet found it after we had asked.
  const isOldNews = last?.word === 'pending' && refund.reviews.length > 0 && !scene.isTidy;
  if (last && last.word !== word && !isOldNews) fail(`its merchant is told ${last.word}`);
  const words = new Set(asked.told.map((one) => one.word));
  if (words.has('success') && words.has('fail') && refund.row.drives === 1)
    fail('its merchant was told success and failure');
  checkTold(scene, asked.order.protocol, asked.told, refund.notices, fail);
}
