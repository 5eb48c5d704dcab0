/**
 * A merchant's side of a bad day: it goes on ordering, remembers what was acknowledged and what was not answered, and afterwards
 * holds the gateway to it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { bookFindings, clientOf, entries, freshNo, type Scene, shown } from '../e2e/harness.ts';
import { member, textAt } from '../e2e/http.ts';
import type { Merchant, Told } from '../e2e/parties.ts';
import type { Receiver } from '../e2e/receiver.ts';

type Parties = Pick<Scene, 'operator' | 'a' | 'b' | 'twin'>;

/** Of a notice or an order that a process had taken when it died. */
const longestLeaseMs = 60_000;

interface Order {
  readonly no: string;
  readonly kind: 'pay' | 'payOut';
  readonly protocol: Merchant['protocol'];
  readonly amount: number;
  /** The first answer; null = none came. */
  told: Told | null;
  /** The payer's payment was taken by the twin. */
  isPaid: boolean;
}

export interface Tally {
  readonly acknowledged: number;
  readonly unanswered: number;
  readonly paid: number;
}

/** The gateway has taken it on: accepted, or open under a number of its own. A bare "unknown, query" promises nothing. */
function isAcknowledged({ verdict, platformNo }: Told): boolean {
  return verdict === 'accepted' || (verdict === 'unknown' && platformNo !== '');
}

function isOwed(state: string): boolean {
  return state.endsWith(' is owed');
}

export class Shop {
  readonly #receiver: Receiver;
  readonly orders: Order[] = [];
  #parties: Parties;
  #closing = new AbortController();
  #hands: Promise<void>[] = [];

  constructor(parties: Parties, receiver: Receiver) {
    this.#parties = parties;
    this.#receiver = receiver;
  }

  /** After a restart: other ports, the same keys. */
  moveTo(parties: Parties): void {
    this.#parties = parties;
  }

  open(hands = 4): void {
    this.#closing = new AbortController();
    this.#hands = Array.from({ length: hands }, (_, hand) => this.#work(hand));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#hands);
  }

  async #work(hand: number): Promise<void> {
    for (let i = hand; !this.#closing.signal.aborted; i++) {
      const one: Order = {
        no: freshNo('K'),
        kind: i % 3 === 2 ? 'payOut' : 'pay',
        protocol: i % 2 === 0 ? 'payin' : 'unified',
        amount: 10_000 + (i % 7) * 100,
        told: null,
        isPaid: false,
      };
      this.orders.push(one);
      const told = await this.#ask(one).catch(() => null);
      if (told !== null && isAcknowledged(told)) one.told = told;
      if (one.told === null) await wait(400);
      else if (one.kind === 'pay' && i % 2 === 1) await this.#payer(one).catch(() => undefined);
    }
  }

  #ask(one: Order): Promise<Told> {
    const merchant = clientOf(this.#parties.a, one.protocol);
    return merchant[one.kind](one.no, one.amount, `${this.#receiver.url}/n/${one.no}`);
  }

  async #payer(one: Order): Promise<void> {
    const name = one.told?.payCode ? { code: one.told.payCode } : { merchantOrderNo: one.no };
    await this.#parties.twin(one.protocol === 'payin' ? 'payin' : 'bluepay').pay(name);
    one.isPaid = true;
  }

  tally(): Tally {
    return {
      acknowledged: this.orders.filter(({ told }) => told !== null).length,
      unanswered: this.orders.filter(({ told }) => told === null).length,
      paid: this.orders.filter(({ isPaid }) => isPaid).length,
    };
  }

  /** Everything that must hold after a blow, when the gateway serves again. One line per thing that does not. */
  async grievances(): Promise<string[]> {
    const found: string[] = [];
    const acknowledged = this.orders.filter(({ told }) => told !== null);
    for (const group of inGroups(acknowledged, 32))
      found.push(...(await Promise.all(group.map((one) => this.#isThere(one)))).flat());
    await this.#payAll();
    found.push(...(await this.executions()));
    found.push(...(await bookFindings(this.#parties)).map((finding) => `the books: ${String(finding)}`));
    return found;
  }

  async #isThere(one: Order): Promise<string[]> {
    if (one.told === null) return [];
    const merchant = clientOf(this.#parties.a, one.protocol);
    const says =
      one.kind === 'pay' ? await merchant.queryPay(one.told, one.no) : await merchant.queryPayOut(one.told, one.no);
    return says === 'nothing' ? [`${one.protocol} ${one.kind} ${one.no} was acknowledged and is unknown now`] : [];
  }

  /** Asks for everything again. All at once: a repeat waits for the first call, also where its process is gone. */
  async askAgain(): Promise<string[]> {
    const open = this.orders.filter(({ told }) => told === null);
    const known = this.orders.filter(({ told }) => told !== null);
    const looks = Promise.all(known.map((one) => this.#look(one)));
    await Promise.all(
      open.map(async (one) => {
        const told = await this.#ask(one);
        if (isAcknowledged(told)) one.told = told;
      }),
    );
    const found = (await looks).flat();
    await this.#payAll();
    return found;
  }

  /** The same number and content again: what was acknowledged is there and the same. */
  async #look(one: Order): Promise<string[]> {
    const first = one.told;
    if (first === null) return [];
    const again = await this.#ask(one);
    const about = `${one.protocol} ${one.kind} ${one.no}`;
    if (again.verdict === 'busy') return [`${about}: busy after the storm`];
    const found: string[] = [];
    if (again.verdict === 'refused') found.push(`${about} was acknowledged and is refused now: ${again.raw}`);
    if (first.platformNo !== '' && again.platformNo !== first.platformNo && again.verdict !== 'unknown')
      found.push(`${about} was ${first.platformNo} and is ${again.platformNo} now`);
    if (first.payCode !== '' && again.payCode !== first.payCode)
      found.push(`${about} was payable by ${first.payCode} and is by ${again.payCode} now`);
    return found;
  }

  async #payAll(): Promise<void> {
    const open = this.orders.filter((one) => one.kind === 'pay' && !one.isPaid && one.told?.payCode);
    for (const group of inGroups(open, 16)) await Promise.all(group.map((one) => this.#payer(one)));
  }

  /**
   * Everything paid, in or out, is told, and of one event only. A notice that was under way when its process died is tried again
   * when its lease is over: `owed` counts those that did not come within `patienceMs` and stand in the outbox, or with a person.
   */
  async notices(patienceMs: number): Promise<{ readonly grievances: string[]; readonly owed: number }> {
    const due = this.orders.filter((one) => one.told !== null && (one.isPaid || one.kind === 'payOut'));
    const lacks = () => due.filter(({ no }) => this.#receiver.at(`/n/${no}`).length === 0);
    const deadline = performance.now() + patienceMs;
    let states: string[] = [];
    do {
      await wait(states.length > 0 ? 1_000 : 0);
      states = await Promise.all(lacks().map((one) => this.#notice(one, patienceMs > longestLeaseMs)));
    } while (states.some((state) => !isOwed(state)) && performance.now() < deadline);
    // What arrived while we asked about it was told after all.
    const missing = new Set(lacks().map(({ no }) => no));
    const grievances = states.filter((state) => !isOwed(state) && [...missing].some((no) => state.includes(` ${no} `)));
    for (const { no } of due) {
      const ids = new Set(this.#receiver.at(`/n/${no}`).map((got) => String(got.headers['webhook-id'])));
      if (ids.size > 1) grievances.push(`${no} was told of ${ids.size} events`);
    }
    return { grievances, owed: states.filter(isOwed).length };
  }

  /**
   * What a dead process was about to send is asked for when its call can no longer be under way, half a minute later; a payout
   * that nobody knows of then is a person's to decide.
   */
  async #notice({ no, protocol, kind }: Order, isLate: boolean): Promise<string> {
    const [notice] = await this.#parties.operator.list('notices', `?number=${no}`);
    const state = textAt(notice, 'state') || 'no';
    const order = await shown(this.#parties, no);
    const asked = entries(order, 'review').map((one) => textAt(one, 'reason'));
    const isOpen = ['sending', 'unknown', 'pending'].includes(textAt(order, 'state'));
    const isLater = state === 'pending' || asked.includes('payout-not-found') || (isOpen && !isLate);
    return `${protocol} ${kind} ${no} was never told: ${isLater ? 'its notice is owed' : `${state} notice ${textAt(notice, 'lastOutcome')}`}`;
  }

  /** Also of what was asked again. */
  async executions(): Promise<string[]> {
    const found: string[] = [];
    for (const name of ['payin', 'bluepay']) {
      const { json } = await this.#parties.twin(name).call('GET', 'executions');
      for (const one of Array.isArray(json) ? json : [])
        if (member(one, 'count') !== 1)
          found.push(`${name}: ${textAt(one, 'reference')} executed ${textAt(one, 'count')} times`);
    }
    const orders = [
      ...(await this.#parties.operator.list('payments')),
      ...(await this.#parties.operator.list('payouts')),
    ];
    for (const one of this.orders) {
      const own = orders.filter((row) => textAt(row, 'merchantOrderNo') === one.no);
      if (own.length > 1) found.push(`${one.no} is ${own.length} orders`);
      if (one.told !== null && own.length === 0) found.push(`${one.no} was acknowledged and is in no list`);
    }
    return found;
  }
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
