/** Paying money out: held before the call, posted or released by the door. A time-out releases nothing. */
import type { PayOut, PayoutReport } from '../core/commands.ts';
import { movesOf } from '../core/ledger.ts';
import type { Payout } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import { payoutReport } from '../core/report.ts';
import type { Made, NewOrder } from '../store/create.ts';
import type { ChannelRow } from '../store/directory.ts';
import { asRefusal } from '../store/ledger.ts';
import { learnAbout, makeOrder } from './attempt.ts';
import { callOrNext, makeThrough } from './failover.ts';
import { needsTwoPersons, upstreamPayout } from './held-payout.ts';
import type { Caller, Gate } from './gate.ts';
import { afterIntent } from './pay.ts';
import { repeatInQuarantine } from './hold-back.ts';
import { orderOfRepeat, whenCalled } from './repeat.ts';
import { capOf, checkNotifyTarget, chooseChannels, feeFor } from './route.ts';

export async function payOut(gate: Gate, caller: Caller, ask: PayOut, fingerprint: Uint8Array): Promise<PayoutReport> {
  if (!caller.merchant.payouts)
    throw new Refusal('forbidden', { why: 'payouts-disabled', text: 'payouts are not enabled for this merchant' });
  checkNotifyTarget(gate, ask);
  const deadline = gate.world.monotonic() + gate.facts.answerTimeMs(caller.credential.protocol, 'pay-out');
  if (gate.directory().quarantine) {
    const first = await repeatInQuarantine(gate, caller, 'payout', { ...ask, command: 'pay-out' }, fingerprint);
    return answer(first as Payout);
  }
  const takens = chooseChannels(gate, caller, 'pay-out', 'bank-transfer', ask);
  const {
    made: pair,
    channel,
    others,
  } = await makeThrough(takens, async (taken) => {
    const news = { ...newPayout(gate, caller, ask, taken.channel, fingerprint), ...capOf(gate, taken) };
    return { one: news, made: await makeHeld(gate, news) };
  });
  const { one, made } = pair;
  try {
    if (made.kind === 'taken') {
      const first = await orderOfRepeat(gate, 'payout', one.order.home, made.by, fingerprint, 'orderNo');
      return answer((await whenCalled(gate, first, deadline)) as Payout);
    }
    // Its money is held, its channel hears of it once two persons agree.
    if (one.order.state === 'requested') return answer(one.order);
    const last = await callOrNext(gate, 'pay-out', { order: one.order, channel }, others, (order, at) =>
      upstreamPayout(gate, at, order, ask),
    );
    return answer((await learnAbout(gate, last.order, last.evidence)) as Payout);
  } catch (error) {
    throw afterIntent(error, gate, one.order);
  }
}

/** Made together with its hold; too small a balance is the caller's refusal. */
function makeHeld(gate: Gate, one: NewOrder<Payout>): Promise<Made> {
  return makeOrder(gate, gate.batches.payouts, one).catch((error: unknown) => {
    throw asRefusal(error);
  });
}

function newPayout(
  gate: Gate,
  { merchant, credential }: Caller,
  ask: PayOut,
  channel: ChannelRow,
  fingerprint: Uint8Array,
): NewOrder<Payout> {
  const { home } = merchant;
  const now = gate.world.now();
  const order: Payout = {
    kind: 'payout',
    home,
    id: gate.world.newId(),
    merchantId: merchant.id,
    credentialId: credential.id,
    protocol: credential.protocol,
    orderNo: ask.orderNo,
    platformNo: gate.facts.platformNo(credential.protocol, 'payout', home),
    state: needsTwoPersons(merchant, ask.amount) ? 'requested' : 'sending',
    amount: ask.amount,
    fee: feeFor(gate, merchant.id, 'bank-transfer', ask.amount),
    channelId: channel.id,
    reference: gate.facts.reference(channel, 'payout', home),
    upstreamNo: null,
    reason: null,
    createdAt: now,
    finishedAt: null,
    detail: { payee: ask.payee, subject: ask.subject, notify: ask.notify, extras: ask.extras },
    channelExtras: {},
  };
  return {
    order,
    space: gate.facts.numberSpace(credential.protocol, 'pay-out', ask.extras),
    fingerprint,
    attemptId: gate.world.newId(),
    dueAt: now + 2 * gate.facts.answerTimeMs(credential.protocol, 'pay-out'),
    moves: movesOf('hold', order, now),
  };
}

function answer(payout: Payout): PayoutReport {
  const report = payoutReport(payout);
  // One that the channel had taken shows its state; only a create that was turned away is refused again.
  if (payout.state === 'failed' && payout.reason && payout.upstreamNo === null)
    throw new Refusal(payout.reason.code === 'not-sent' ? 'channel-unavailable' : 'channel-declined', {
      channelCode: payout.reason.code,
      text: payout.reason.text,
      report,
    });
  return report;
}
