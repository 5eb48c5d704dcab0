/** Delivering what we owe: one attempt of one notice, and when the next is due. The ladder is the protocol's, or the merchant's. */
import type { DueNotice, NoticeResult } from '../store/notices.ts';
import type { Delivery, Gate } from './gate.ts';

/** Overdue notices of a long outage come back spread over this time, so that nobody is hit by all of them at once. */
const spreadMs = 250;
/** Attempts begun, whatever became of them; above that only the ladder counts. */
const mostTries = 20;

export async function deliverNotice(gate: Gate, notice: DueNotice): Promise<void> {
  const began = gate.world.now();
  const delivery = await attempt(gate, notice);
  const tookMs = Math.max(0, Math.round(gate.world.now() - began));
  const result: NoticeResult = {
    home: notice.home,
    id: notice.id,
    no: notice.tries,
    at: began,
    tookMs,
    outcome: delivery.outcome,
    status: delivery.status,
    answer: delivery.answer,
    next: delivery.delivered ? 'done' : nextAttempt(gate, notice, delivery.ours ?? false),
  };
  if (result.next === 'exhausted')
    gate.world.log.warn('notice-exhausted', { notice: String(notice.id), event: notice.event, tries: notice.tries });
  await gate.batches.notices.add(result);
}

async function attempt(gate: Gate, notice: DueNotice): Promise<Delivery> {
  const { credentials, merchants } = gate.directory();
  const credential = credentials.get(notice.credentialId);
  const merchant = merchants.get(notice.merchantId);
  if (!credential || !merchant)
    return { delivered: false, outcome: 'not-sent', status: null, answer: 'its merchant is gone' };
  return gate.notices.deliver(credential, merchant, {
    id: `msg_${notice.id}`,
    url: notice.targetUrl,
    kind: notice.targetKind,
    body: notice.body,
    group: String(notice.objectId),
  });
}

/** What was not sent by our own doing is no attempt of the ladder: where the protocol has one only, the notice would be lost. */
function nextAttempt(gate: Gate, notice: DueNotice, ours: boolean): 'exhausted' | number {
  if (ours && notice.tries < mostTries) return gate.world.now();
  const merchant = gate.directory().merchants.get(notice.merchantId);
  if (notice.manual || !merchant) return 'exhausted';
  const gap = gate.notices.gapsMs(notice.protocol, merchant)[notice.tries - 1];
  if (gap === undefined) return 'exhausted';
  const [jitter = 0] = gate.world.nonce(1);
  return gate.world.now() + gate.world.scaled(gap + Math.floor((jitter * spreadMs) / 256));
}
