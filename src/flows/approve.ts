/**
 * Four eyes: what moves money or opens a way for it is asked for by one person and decided by another (T039). The database
 * refuses one person in both places; what was asked is frozen and carried out as it was written down.
 */
import type { Method } from '../core/commands.ts';
import { directions } from '../core/exchange.ts';
import { exponents, formatDecimal, isCurrency, money } from '../core/money.ts';
import { isFinal, type Kind, type Order } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import type { Event } from '../core/rules.ts';
import { recorded } from '../store/admin.ts';
import { decideApproval, insertApproval, noteResult, openOfMerchantUser } from '../store/approvals.ts';
import type { Query } from '../store/database.ts';
import { unsettledSuspense } from '../store/ledger.ts';
import { findOrders } from '../store/lists.ts';
import { type Role, roles } from '../store/tokens.ts';
import { handsOf } from '../store/users.ts';
import {
  addCredential,
  addRoute,
  amountOf,
  changeMerchant,
  fundMerchant,
  type Office,
  removeRoute,
  rotateCredential,
  rotateWebhookSecret,
  setChannelState,
  setCredentialState,
  setFee,
} from './administer.ts';
import { bareEvidence, learnAbout } from './attempt.ts';
import { letGo, refuseHeld } from './held-payout.ts';
import { learnStatement, runNamed } from './reconcile-day.ts';
import { liftQuarantine } from './quarantine.ts';
import { refund } from './refund.ts';
import { setRate } from './set-rate.ts';
import { reviewNamed, settleStatement } from './settle-statement.ts';
import { settleSuspense, settleTo } from './settle-suspense.ts';
import { addUser, type Hand, readUserName, renewUser, setRole, setUserState } from './users.ts';

export type Detail = Readonly<Record<string, string>>;

/** What came of it: words for the list, and what is shown this once to whoever agreed. */
export interface Carried {
  readonly result: string;
  readonly shown: Readonly<Record<string, string>>;
}

/** `people`: whoever asked, and whoever agreed. */
type Deed = (office: Office, actor: string, detail: Detail, people: Hand['people']) => Promise<Carried>;

function done(result: string, shown: Carried['shown'] = {}): Carried {
  return { result, shown };
}

function text(detail: Detail, name: string): string {
  const value = detail[name];
  if (value === undefined || value === '') throw new Refusal('invalid-request', { field: name, text: 'is missing' });
  return value;
}

function id(detail: Detail, name: string): bigint {
  const value = text(detail, name);
  if (!/^\d{1,18}$/.test(value)) throw new Refusal('invalid-request', { field: name, text: 'not an id' });
  return BigInt(value);
}

function roleIn(detail: Detail): Role {
  const role = roles.find((one) => one === detail['role']);
  if (role === undefined) throw new Refusal('invalid-request', { field: 'role', text: 'not one we know' });
  return role;
}

function idOrNull(detail: Detail, name: string): bigint | null {
  return detail[name] === undefined || detail[name] === '' || detail[name] === '*' ? null : id(detail, name);
}

function minorOrNull(detail: Detail, name: string): bigint | null {
  const value = detail[name] ?? '';
  if (value === '') return null;
  if (!/^\d{1,18}$/.test(value))
    throw new Refusal('invalid-request', { field: name, text: 'a whole number of smallest units' });
  return BigInt(value);
}

/** One row per thing that takes two persons. */
const deeds = {
  'route.add': async (office, actor, detail) => {
    const currency = detail['currency'] ?? '';
    const route = await addRoute(office, actor, {
      merchantId: idOrNull(detail, 'merchant'),
      protocol: detail['protocol'] || null,
      method: text(detail, 'method') as Method | 'any',
      channelId: id(detail, 'channel'),
      weight: Number(detail['weight'] || '1'),
      min: minorOrNull(detail, 'least'),
      max: minorOrNull(detail, 'most'),
      currency: isCurrency(currency) ? currency : null,
      hours: detail['hours'] || null,
      dailyCap: minorOrNull(detail, 'dailyCap'),
    });
    return done(`route ${route.id}`);
  },
  'route.remove': async (office, actor, detail) => {
    await removeRoute(office, actor, id(detail, 'route'));
    return done('removed');
  },
  'fee.set': async (office, actor, detail) => {
    const currency = text(detail, 'currency');
    if (!isCurrency(currency))
      throw new Refusal('invalid-request', { field: 'currency', text: 'not a currency we know' });
    const fee = await setFee(office, actor, {
      merchantId: idOrNull(detail, 'merchant'),
      method: text(detail, 'method') as Method | 'any',
      currency,
      fixed: minorOrNull(detail, 'fixed') ?? 0n,
      percent: detail['percent'] || '0',
      min: minorOrNull(detail, 'least') ?? 0n,
      max: minorOrNull(detail, 'most'),
    });
    return done(`fee ${fee.id}`);
  },
  'credential.add': async (office, actor, detail) => {
    const { credential, admitted } = await addCredential(office, actor, {
      merchantId: id(detail, 'merchant'),
      protocol: text(detail, 'protocol'),
      sender: detail['sender'] || null,
      key: null,
      publicKey: detail['publicKey'] || null,
      keys: {},
      file: {},
      settings: {},
      addresses: [],
      allowWeakKey: false,
    });
    return done(`credential ${credential.id}`, admitted.shown);
  },
  'credential.rotate': async (office, actor, detail) => {
    const hours = Number(detail['hours'] || '24');
    const { shown } = await rotateCredential(office, actor, id(detail, 'credential'), {
      key: null,
      publicKey: detail['publicKey'] || null,
      keys: {},
      file: {},
      allowWeakKey: false,
      oldUntil: office.gate.world.now() + hours * 3_600_000,
    });
    return done(`rotated, old keys for ${hours} h`, shown);
  },
  'merchant.webhook': async (office, actor, detail) => {
    const hours = Number(detail['hours'] || '24');
    const until = office.gate.world.now() + hours * 3_600_000;
    const webhookSecret = await rotateWebhookSecret(office, actor, id(detail, 'merchant'), until);
    return done(`rotated, the old one for ${hours} h`, { webhookSecret });
  },
  'merchant.fund': async (office, actor, detail) => {
    const posting = await fundMerchant(
      office,
      actor,
      id(detail, 'merchant'),
      amountOf(text(detail, 'amount'), text(detail, 'currency')),
    );
    return done(`posting ${posting}`);
  },
  'credential.enable': async (office, actor, detail) => {
    await setCredentialState(office, actor, id(detail, 'credential'), 'active');
    return done('enabled');
  },
  'channel.enable': async (office, actor, detail) => {
    await setChannelState(office, actor, id(detail, 'channel'), 'active');
    return done('enabled');
  },
  'rate.set': async (office, actor, detail) => {
    const direction = directions.find((one) => one === detail['direction']);
    if (direction === undefined) throw new Refusal('invalid-request', { field: 'direction', text: 'not one we know' });
    const { currency, day } = await setRate(office.gate, actor, {
      currency: text(detail, 'currency'),
      rate: text(detail, 'rate'),
      day: detail['day'] || null,
      direction,
    });
    return done(`${currency} ${day}`);
  },
  'merchant.payouts': async (office, actor, detail) => {
    const payouts = text(detail, 'payouts') === 'yes';
    await changeMerchant(office, actor, id(detail, 'merchant'), { payouts });
    return done(payouts ? 'allowed' : 'stopped');
  },
  'merchant.overdraft': async (office, actor, detail) => {
    const currency = text(detail, 'currency');
    if (!isCurrency(currency))
      throw new Refusal('invalid-request', { field: 'currency', text: 'not a currency we know' });
    const overdraft = money(minorOrNull(detail, 'overdraft') ?? 0n, currency);
    await changeMerchant(office, actor, id(detail, 'merchant'), { overdraft });
    return done('set');
  },
  'suspense.settle': async (office, actor, detail) => {
    const to = settleTo.find((one) => one === detail['to']);
    if (to === undefined) throw new Refusal('invalid-request', { field: 'to', text: 'merchant or channel' });
    const only = detail['sums']?.split('\n') ?? null;
    const sums = await settleSuspense(office, actor, await orderOf(office, detail), to, text(detail, 'why'), only);
    return done(
      sums.map(({ minor, currency }) => `${currency} ${formatDecimal(minor, exponents[currency])}`).join(', '),
    );
  },
  'statement.learn': async (office, actor, detail) => {
    const run = await runNamed(office.gate, id(detail, 'run'));
    await learnStatement(office, actor, run);
    return done(`statement of ${run.day}`);
  },
  'statement.settle': async (office, actor, detail) => {
    const review = await reviewNamed(office.gate, id(detail, 'review'));
    const merchantId = idOrNull(detail, 'merchant');
    const merchant = merchantId === null ? null : office.gate.directory().merchants.get(merchantId);
    if (merchant === undefined) throw new Refusal('not-found', { text: 'no such merchant' });
    const sums = await settleStatement(office, actor, review, merchant, text(detail, 'why'));
    return done(
      sums.map(({ minor, currency }) => `${currency} ${formatDecimal(minor, exponents[currency])}`).join(', '),
    );
  },
  'merchant.limit': async (office, actor, detail) => {
    const currency = text(detail, 'currency');
    if (!isCurrency(currency))
      throw new Refusal('invalid-request', { field: 'currency', text: 'not a currency we know' });
    const settings = { [`payoutLimit.${currency}`]: String(minorOrNull(detail, 'limit') ?? '') };
    await changeMerchant(office, actor, id(detail, 'merchant'), { settings });
    return done('set');
  },
  'payout.send': async (office, _actor, detail) => {
    const order = await letGo(office.gate, await orderOf(office, detail));
    return done(`now ${order.state}`);
  },
  'payout.refuse': async (office, _actor, detail) => {
    const order = await refuseHeld(office.gate, await orderOf(office, detail));
    return done(`now ${order.state}`);
  },
  'payment.refund': refundByHand,
  'order.outcome': decideOutcome,
  'quarantine.lift': async (office, actor, detail) => {
    await liftQuarantine(office, actor, text(detail, 'why'), true);
    return done('lifted');
  },
  'user.add': async ({ gate }, actor, detail, people) => {
    const name = readUserName(text(detail, 'name'));
    const code = await addUser(
      gate,
      { actor, people },
      { name, role: roleIn(detail), merchantId: idOrNull(detail, 'merchant') },
    );
    return done('added', { setupCode: code });
  },
  'user.role': async ({ gate }, actor, detail, people) => {
    const code = await setRole(gate, { actor, people }, id(detail, 'user'), roleIn(detail));
    return done('set', code === null ? {} : { setupCode: code });
  },
  'user.renew': async ({ gate }, actor, detail, people) => {
    const code = await renewUser(gate, { actor, people }, id(detail, 'user'));
    return done('renewed', { setupCode: code });
  },
  'user.enable': async ({ gate }, actor, detail) => {
    await setUserState(gate, actor, id(detail, 'user'), 'active');
    return done('enabled');
  },
} satisfies Readonly<Record<string, Deed>>;

export type DeedName = keyof typeof deeds;

function isDeed(name: string): name is DeedName {
  return Object.hasOwn(deeds, name);
}

async function orderOf({ gate }: Office, detail: Detail): Promise<Order> {
  const wanted = id(detail, 'order');
  const order = (await findOrders(gate.db, String(wanted), null)).find((one) => one.id === wanted);
  if (!order) throw new Refusal('not-found', { text: 'no such order' });
  return order;
}

/** Gives money back in the merchant's name, by the same flow as its own refunds. */
async function refundByHand(office: Office, _actor: string, detail: Detail): Promise<Carried> {
  const { gate } = office;
  const payment = await orderOf(office, detail);
  const { merchants, credentials } = gate.directory();
  const merchant = merchants.get(payment.merchantId);
  const credential = credentials.get(payment.credentialId);
  if (payment.kind !== 'payment' || !merchant || !credential)
    throw new Refusal('not-found', { text: 'no such payment' });
  const refundNo = text(detail, 'refundNo');
  const report = await refund(
    gate,
    { merchant, credential },
    {
      refundNo,
      orderNo: null,
      platformNo: payment.platformNo,
      amount: money(minorOrNull(detail, 'amount') ?? 0n, payment.amount.currency),
      reason: detail['why'] || null,
      notify: payment.detail.notify,
      extras: {},
    },
    // Its number is of our making and used once: the number itself tells this refund from others.
    new TextEncoder().encode(`console/${payment.id}/${refundNo}`),
  );
  return done(`refund ${refundNo}: ${report.state}`);
}

/** What a person may say about an order that nobody decides by itself. */
export const outcomes: Readonly<Record<Kind, readonly Event[]>> = {
  payment: ['succeeded', 'failed'],
  payout: ['succeeded', 'failed', 'returned'],
  refund: ['succeeded', 'failed'],
};

/** Through the one door, as evidence whose source is a person: postings and notices are those of any other evidence. */
async function decideOutcome(office: Office, _actor: string, detail: Detail): Promise<Carried> {
  const { gate } = office;
  const order = await orderOf(office, detail);
  const event = outcomes[order.kind].find((one) => one === detail['outcome']);
  if (event === undefined)
    throw new Refusal('invalid-request', { field: 'outcome', text: 'not an outcome of this order' });
  if (isFinal(order)) throw new Refusal('conflict', { text: `the order is ${order.state} already` });
  // About the attempt that was looked at when it was asked for: another may have taken its place since.
  const isFrozen = detail['reference'] !== undefined;
  const about = {
    kind: order.kind,
    channelId: isFrozen ? id(detail, 'channel') : order.channelId,
    reference: isFrozen ? text(detail, 'reference') : order.reference,
  };
  // Nothing has left us: there is no outcome to decide, only whether it may.
  if (order.state === 'requested' || about.reference === null)
    throw new Refusal('conflict', { text: 'the order was not sent yet' });
  // Who decided, and why, stands in the audit: a merchant may read this text.
  const reason = { code: 'operator', text: 'decided by the operator' };
  const evidence = { ...bareEvidence(about, 'operator', event, gate.world.now(), reason), money: order.amount };
  const after = await learnAbout(gate, order, evidence);
  return done(`now ${after.state}`);
}

export interface Asking {
  readonly userId: bigint;
  readonly name: string;
}

/** What a decision about an order is about, as it is when it is asked for: the attempt whose outcome it is, the sums in suspense. */
async function presentOf(office: Office, action: DeedName, detail: Detail): Promise<Detail> {
  if (action !== 'order.outcome' && action !== 'suspense.settle') return {};
  const order = await orderOf(office, detail);
  if (action === 'suspense.settle') {
    const sums = await unsettledSuspense(office.gate.db, order.home, order.id);
    return { sums: sums.map(({ reason }) => reason).join('\n') };
  }
  const { channelId, reference } = order;
  return channelId === null || reference === null ? {} : { channel: String(channelId), reference };
}

/** A merchant's user asks so often and no oftener: operators' own requests must not sink below them. */
const mostOfMerchantUser = 5;

/** Writes down what somebody asks for. Nothing happens yet. */
export async function askSecond(
  office: Office,
  who: Asking,
  action: DeedName,
  detail: Detail,
  reason: string,
): Promise<bigint> {
  const { world, db } = office.gate;
  const now = world.now();
  const waiting = await openOfMerchantUser(db, who.userId);
  if (waiting >= mostOfMerchantUser)
    throw new Refusal('limit-exceeded', { text: `${waiting} of your requests wait for a decision already` });
  const asked = { ...detail, ...(await presentOf(office, action, detail)) };
  const row = { id: world.newId(), action, detail: { ...asked, asker: who.name }, reason, askedBy: who.userId };
  const entry = {
    at: now,
    actor: who.name,
    action: 'approval.ask',
    detail: { approval: row.id, action, ...asked, reason },
  };
  await recorded(db, entry, (query) => insertApproval(query, row, now));
  return row.id;
}

/**
 * Takes the decision, once; then carries it out under both names. What cannot be carried out is noted with the decision:
 * it has to be asked for again. Throws Refusal `forbidden` for whoever asked for it.
 */
export async function decide(
  office: Office,
  who: Asking,
  approval: bigint,
  state: 'approved' | 'refused',
): Promise<Carried | null> {
  const { world, db } = office.gate;
  const now = world.now();
  const entry = { at: now, actor: who.name, action: `approval.${state}`, detail: { approval } };
  const asked = await recorded(db, entry, async (query) => {
    const found = await decideApproval(query, approval, { state, by: who.userId }, now);
    if (found === null) throw new Refusal('conflict', { text: 'it is decided already' });
    if (state === 'approved') await mustBeTwo(query, found, who.userId, now);
    return found;
  }).catch((error: unknown) => {
    throw asRefusal(error);
  });
  if (state === 'refused') return null;
  if (!isDeed(asked.action)) throw new Refusal('internal');
  const deed: Deed = deeds[asked.action];
  try {
    const carried = await deed(office, `${asked.detail['asker'] ?? '?'}, ${who.name}`, asked.detail, [
      asked.askedBy,
      who.userId,
    ]);
    await noteResult(db, approval, carried.result);
    return carried;
  } catch (error) {
    const why = error instanceof Refusal ? (error.detail.text ?? error.code) : 'internal';
    await noteResult(db, approval, `not done: ${why}`);
    throw error;
  }
}

/** So long after somebody was let in, whoever did that may still know the way in. */
const oneHandMs = 24 * 3_600_000;

/** Two names are not yet two persons: one may have made the other a moment ago. Nobody agrees to a better role for oneself. */
async function mustBeTwo(
  query: Query,
  { askedBy, detail }: { readonly askedBy: bigint; readonly detail: Detail },
  decider: bigint,
  now: number,
): Promise<void> {
  if (detail['user'] === String(decider))
    throw new Refusal('forbidden', { why: 'own-access', text: 'nobody agrees to an access of one’s own' });
  const hands = await handsOf(query, askedBy, decider, now - oneHandMs);
  if (hands === null || !hands.mayAsk)
    throw new Refusal('forbidden', { why: 'asker-gone', text: 'whoever asked may not ask any more' });
  if (hands.isOneHand)
    throw new Refusal('forbidden', { why: 'one-hand', text: 'one of you was let in by the other less than a day ago' });
}

function asRefusal(error: unknown): unknown {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === '23514' && constraint === 'approvals_two_persons'
    ? new Refusal('forbidden', { why: 'same-person', text: 'somebody else has to decide this' })
    : error;
}
