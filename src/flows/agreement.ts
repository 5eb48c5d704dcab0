/** What the flows about agreements share: finding one's own, keeping what a channel says, and who may charge. */
import { type Agreement, agreementAfter, whyNotChargeable } from '../core/agreement.ts';
import type { AgreementReport, Find, Pay } from '../core/commands.ts';
import { Refusal } from '../core/refusal.ts';
import { agreementByNo, agreementByOrderNo, agreementOfUser, changeAgreement } from '../store/agreements.ts';
import type { ChannelRow } from '../store/directory.ts';
import { numberOf } from '../store/orders.ts';
import type { Caller, Gate } from './gate.ts';

/** By our number, else by the merchant's, else the customer's newest. Throws `not-found`, also for everybody else's. */
export async function ownAgreement(gate: Gate, { merchant, credential }: Caller, find: Find): Promise<Agreement> {
  const { home, id } = merchant;
  const userId = find.extras['user_id'];
  let found: Agreement | null = null;
  if (find.platformNo !== null) {
    const isOurs = gate.facts.homeOf(credential.protocol, find.platformNo) === home;
    found = isOurs ? await agreementByNo(gate.db, home, id, find.platformNo) : null;
    if (found && find.orderNo !== null && found.orderNo !== find.orderNo) found = null;
  } else if (find.orderNo !== null)
    found = await agreementByOrderNo(gate.db, home, id, credential.protocol, find.orderNo);
  else if (userId !== undefined) found = await agreementOfUser(gate.db, home, id, credential.protocol, userId);
  const isSigners = found?.credentialId === credential.id && (userId === undefined || found.userId === userId);
  if (!found || !isSigners) throw new Refusal('not-found', { text: 'no such agreement' });
  return found;
}

export function channelOf(gate: Gate, agreement: Pick<Agreement, 'channelId'>): ChannelRow {
  const channel = gate.directory().channels.get(agreement.channelId);
  if (!channel) throw new Refusal('channel-unavailable', { text: 'its channel is gone' });
  return channel;
}

/** Keeps what the channel said. An answer about another reference says nothing about this agreement (T031). */
export async function learnAgreement(gate: Gate, agreement: Agreement, said: AgreementReport): Promise<Agreement> {
  if (said.orderNo !== null && said.orderNo !== agreement.reference) return agreement;
  const next = agreementAfter(agreement.state, said.state);
  // Without the channel's number nobody could charge it.
  const isNumbered = said.agreementNo !== null || agreement.upstreamNo !== null;
  const state = next === 'active' && !isNumbered ? agreement.state : next;
  if (state === agreement.state && (said.agreementNo ?? agreement.upstreamNo) === agreement.upstreamNo)
    return agreement;
  return changeAgreement(gate.db, agreement, {
    state,
    upstreamNo: said.agreementNo,
    extras: bankOf(said),
    at: gate.world.now(),
  });
}

/** Of what a channel says about a card, only its bank is worth keeping. */
function bankOf({ extras }: AgreementReport): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(extras).filter(([name]) => name.endsWith('.bank_type')));
}

export interface Charge {
  /** Null when the payment exists already: then nothing is called. */
  readonly channel: ChannelRow | null;
  /** The ask in the channel's numbers. */
  readonly ask: Pay;
}

/** The channel of the agreement that a payment names. Throws Refusals when it may not be charged so. */
export async function chargeOf(gate: Gate, caller: Caller, ask: Pay, agreementNo: string): Promise<Charge> {
  const { merchant, credential } = caller;
  const space = gate.facts.numberSpace(credential.protocol, 'pay');
  // A repeat is answered like the first time, whatever became of the agreement since.
  if (await numberOf(gate.db, merchant.home, merchant.id, space, ask.orderNo)) return { channel: null, ask };
  const use = ask.agreementUse;
  const isOurs = gate.facts.homeOf(credential.protocol, agreementNo) === merchant.home;
  const agreement = isOurs ? await agreementByNo(gate.db, merchant.home, merchant.id, agreementNo) : null;
  if (!use || !agreement)
    throw new Refusal('invalid-request', { field: 'protocol_no', why: 'agreement', text: 'no such agreement' });
  refuseCharge(whyNotChargeable(agreement, { ...use, credentialId: credential.id }));
  const channel = channelOf(gate, agreement);
  if (channel.state !== 'active') throw new Refusal('channel-unavailable', { text: 'its channel is disabled' });
  const upstream = {
    ...ask,
    agreementNo: agreement.upstreamNo,
    // The customer as the channel knows them: two merchants' customers may have one number.
    agreementUse: { ...use, userId: agreement.agreementNo },
  };
  const why = gate.facts.unable(channel, 'pay', upstream);
  if (why !== null) throw new Refusal('channel-unavailable', { why: 'no-route', text: why });
  return { channel, ask: upstream };
}

function refuseCharge(why: ReturnType<typeof whyNotChargeable>): void {
  switch (why) {
    case null:
      return;
    case 'agreement':
      throw new Refusal('invalid-request', { field: 'protocol_no', why, text: 'the agreement cannot be used' });
    case 'customer':
      throw new Refusal('conflict', { field: 'user_id', why, text: 'another customer signed it' });
    case 'payee':
      throw new Refusal('invalid-request', { field: 'seller_id', why, text: 'it does not allow this payee' });
  }
}
