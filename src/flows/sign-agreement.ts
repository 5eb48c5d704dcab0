/**
 * Signing: the agreement's row is committed, then the channel is asked and sends the card holder a code. Of the card, the row
 * keeps a keyed mark and four digits; number, identity and CVV live in memory for the length of the call.
 */
import { type Agreement, agreementReport, maskPhone } from '../core/agreement.ts';
import type { AgreementReport, SignAgreement } from '../core/commands.ts';
import { money } from '../core/money.ts';
import { Refusal } from '../core/refusal.ts';
import { judgeRoutes } from '../core/routing.ts';
import { makeAgreement } from '../store/agreements.ts';
import type { ChannelRow } from '../store/directory.ts';
import { channelOf, learnAgreement } from './agreement.ts';
import type { Caller, Gate } from './gate.ts';

export async function signAgreement(
  gate: Gate,
  caller: Caller,
  ask: SignAgreement,
  fingerprint: Uint8Array,
): Promise<AgreementReport> {
  const asked = newAgreement(gate, caller, ask, chooseChannel(gate, caller, ask), fingerprint);
  const { agreement, isNew } = await makeAgreement(gate.db, asked);
  if (!isNew && !Buffer.from(agreement.fingerprint).equals(asked.fingerprint))
    throw new Refusal('conflict', {
      field: 'orderNo',
      why: 'number-used',
      text: 'orderNo was used for something else',
    });
  // The first time, or again when nobody knows whether the channel heard it: the same reference is the same signing there.
  const isOpen = agreement.state === 'sending' || agreement.state === 'unknown';
  return agreementReport(isOpen ? await askChannel(gate, agreement, ask) : agreement);
}

async function askChannel(gate: Gate, agreement: Agreement, ask: SignAgreement): Promise<Agreement> {
  const outcome = await gate.call(channelOf(gate, agreement), 'sign-agreement', {
    ...ask,
    orderNo: agreement.reference,
    userId: agreement.agreementNo,
    extras: {},
  });
  const failed = { kind: 'agreement', orderNo: null, agreementNo: null, state: 'failed', extras: {} } as const;
  switch (outcome.kind) {
    case 'answered':
      return learnAgreement(gate, agreement, outcome.answer);
    case 'declined':
      await learnAgreement(gate, agreement, failed);
      throw new Refusal('channel-declined', { channelCode: outcome.code, text: outcome.text });
    case 'not-sent':
      await learnAgreement(gate, agreement, failed);
      throw new Refusal('channel-unavailable', { text: outcome.why });
    case 'not-found':
    case 'unknown':
      return learnAgreement(gate, agreement, { ...failed, state: 'unknown' });
  }
}

/** Routes are about amounts; a signing has none, so that one yuan stands for it. */
function chooseChannel(gate: Gate, { merchant, credential }: Caller, ask: SignAgreement): ChannelRow {
  const { routes, channels } = gate.directory();
  const verdicts = judgeRoutes(
    routes.map((route) => ({ ...route, min: null, max: null, currency: null })),
    {
      merchantId: merchant.id,
      protocol: credential.protocol,
      method: 'quick-pay',
      amount: money(100n, 'CNY'),
      now: gate.world.now(),
    },
    (channelId) => {
      const channel = channels.get(channelId);
      const able = channel?.state === 'active';
      return {
        unable: able ? gate.facts.unable(channel, 'sign-agreement', ask) : 'its channel is disabled',
        isAiling: gate.facts.isAiling(channelId),
      };
    },
  );
  const taken = verdicts.find(({ why }) => why === null);
  const channel = taken && channels.get(taken.route.channelId);
  if (channel) return channel;
  throw new Refusal('channel-unavailable', { why: 'no-route', text: 'no channel that signs agreements' });
}

function newAgreement(
  gate: Gate,
  { merchant, credential }: Caller,
  ask: SignAgreement,
  channel: ChannelRow,
  fingerprint: Uint8Array,
): Agreement {
  const { home } = merchant;
  const { number, idNumber, expiry } = ask.card;
  const now = gate.world.now();
  const cardMark = gate.mark('card', number);
  // Everything of the ask but the CVV takes part; a plain hash over a card could be searched.
  const whole = [Buffer.from(fingerprint).toString('hex'), number, idNumber, expiry, ask.payer.name, ask.payer.phone];
  return {
    home,
    id: gate.world.newId(),
    merchantId: merchant.id,
    credentialId: credential.id,
    protocol: credential.protocol,
    orderNo: ask.orderNo,
    agreementNo: gate.facts.platformNo(credential.protocol, 'agreement', home),
    userId: ask.userId,
    payeeNo: ask.payeeNo,
    scope: ask.scope,
    cardMark,
    cardLast4: number.slice(-4),
    phoneMask: maskPhone(ask.payer.phone),
    fingerprint: gate.mark('signing', JSON.stringify(whole)),
    state: 'sending',
    channelId: channel.id,
    reference: gate.facts.reference(channel, 'agreement', home),
    upstreamNo: null,
    extras: ask.extras,
    createdAt: now,
    changedAt: now,
  };
}
