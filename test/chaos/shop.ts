/**
 * A merchant's side of a bad day: it goes on ordering at whichever gateway answers, writes down what was acknowledged and what was
 * not, and afterwards holds the gateways to it: what is written there, what the bank carried out and what they say must agree.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { bookFindings, entries, freshNo, type Operator, shown } from '../e2e/harness.ts';
import { textAt } from '../e2e/http.ts';
import type { Shown, Told } from '../e2e/parties.ts';
import type { Receiver } from '../e2e/receiver.ts';
import { amounts, type Bank, type Movement, movementKey, told as toldOf } from './bank.ts';
import { type Counter, type Line, lines, type Wish } from './counter.ts';

/** Of a notice or an order that a process had taken when it died. */
const longestLeaseMs = 60_000;
/** How long the merchant waits for an answer before it asks the other gateway. */
const patienceMs = 5_000;

export interface Order extends Wish {
  /** The acknowledgement; null = none came. */
  told: Told | null;
  /** The payer's payment was taken by the bank. */
  isPaid: boolean;
}

/** Where the merchant and its operator find a gateway. Restarts keep the address. */
export interface Door {
  readonly counter: Counter;
  readonly operator: Operator;
}

export interface Parts {
  readonly doors: readonly [Door, Door];
  readonly bank: Bank;
  readonly receiver: Receiver;
  /** The acknowledgement log: one JSON line per event, written before the merchant goes on. */
  readonly log: string;
}

export interface Tally {
  acknowledged: number;
  /** Asked, and no answer came that promises anything. */
  unanswered: number;
  /** Told to come again; nothing was done. */
  busy: number;
  /** Asked again at the other gateway after silence. */
  repeated: number;
  paid: number;
  refunds: number;
}

/** The gateway has taken it on: accepted, or open under a number of its own. A bare "unknown, query" promises nothing. */
function isAcknowledged({ verdict, platformNo }: Told): boolean {
  return verdict === 'accepted' || (verdict === 'unknown' && platformNo !== '');
}

const rupiah = amounts(10_000);
const fen = amounts(100);

/** In this order, round and round; a refund follows a barcode that was paid. */
const rota: readonly Line[] = ['collection', 'payout', 'barcode', 'collection', 'payout', 'collection'];

export class Shop {
  readonly #parts: Parts;
  readonly orders: Order[] = [];
  readonly #tally = { busy: 0, repeated: 0 };
  #closing = new AbortController();
  #hands: Promise<void>[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  open(hands = 8): void {
    this.#closing = new AbortController();
    this.#hands = Array.from({ length: hands }, (_, hand) => this.#work(hand));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#hands);
  }

  tally(): Tally {
    const acknowledged = this.orders.filter(({ told }) => told !== null);
    return {
      ...this.#tally,
      acknowledged: acknowledged.length,
      unanswered: this.orders.length - acknowledged.length,
      paid: this.orders.filter(({ isPaid }) => isPaid).length,
      refunds: acknowledged.filter(({ line }) => line === 'refund').length,
    };
  }

  async #work(hand: number): Promise<void> {
    for (let i = hand; !this.#closing.signal.aborted; i++) {
      const line = rota[i % rota.length] ?? 'collection';
      const one = this.#order(line, i);
      await this.#place(one, i);
      if (one.told === null) await wait(300);
      else if (line === 'collection' && i % 2 === 1) await this.#payer(one).catch(() => undefined);
      else if (line === 'barcode' && i % 4 < 2) await this.#place(this.#order('refund', i, one), i);
    }
  }

  #order(line: Line, turn: number, payment?: Order): Order {
    const { branches, currency } = lines[line];
    const one: Order = {
      no: payment ? `${payment.no}R` : freshNo('K'),
      line,
      branch: branches[turn % branches.length] ?? branches[0],
      amount: payment?.amount ?? (currency === 'IDR' ? rupiah() : fen()),
      paymentNo: payment?.no ?? '',
      told: null,
      isPaid: false,
    };
    this.orders.push(one);
    return one;
  }

  /** At one gateway, and after silence at the other, as merchants do. */
  async #place(one: Order, turn: number): Promise<void> {
    const [first, second] = turn % 2 === 0 ? [0, 1] : [1, 0];
    const answer = (await this.#ask(one, first ?? 0)) ?? (await this.#askOther(one, second ?? 1));
    this.#note(one, answer);
  }

  #askOther(one: Order, door: number): Promise<Told | null> {
    this.#tally.repeated += 1;
    return this.#ask(one, door);
  }

  #note(one: Order, answer: Told | null): void {
    if (answer?.verdict === 'busy') this.#tally.busy += 1;
    if (answer === null || !isAcknowledged(answer)) return;
    one.told = answer;
    if (one.line === 'barcode') one.isPaid = answer.verdict === 'accepted';
    this.#write({ acknowledged: one.no, line: one.line, amount: one.amount, verdict: answer.verdict });
  }

  #write(event: object): void {
    appendFileSync(this.#parts.log, `${JSON.stringify(event)}\n`);
  }

  async #ask(one: Order, door: number): Promise<Told | null> {
    const { counter } = this.#parts.doors[door === 0 ? 0 : 1];
    const answer = counter.ask(one, `${this.#parts.receiver.url}/n/${one.no}`).catch(() => null);
    return Promise.race([answer, wait(patienceMs, null, { ref: false })]);
  }

  async #payer(one: Order): Promise<void> {
    if (one.told === null || one.told.payCode === '') return;
    const { branch, told } = one;
    await steadily(() => this.#parts.bank.pay(branch, told.payCode));
    one.isPaid = true;
    this.#write({ paid: one.no });
  }

  // ── afterwards ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Everything that must hold after a blow, when the gateways serve again. One line per thing that does not. */
  async grievances(): Promise<string[]> {
    const acknowledged = this.orders.filter(({ told }) => told !== null);
    const known = await each(acknowledged, 32, async (one) => {
      const says = await this.#look(one);
      return says === 'nothing' ? [`${about(one)} was acknowledged and is unknown now`] : [];
    });
    await this.#payAll();
    const found = [...known.flat(), ...this.#twice(await this.#parts.bank.movements())];
    const books = await steadily(() => bookFindings(this.#parts.doors[0]));
    return [...found, ...books.map((finding) => `the books: ${String(finding)}`)];
  }

  /** Under the numbers it was told; at either gateway. */
  #look(one: Order, door: 0 | 1 = one.amount % 2 === 0 ? 0 : 1): Promise<Shown> {
    return steadily(() => this.#parts.doors[door].counter.look(one, one.told ?? nothingTold));
  }

  #movements(one: Order, all: ReadonlyMap<string, readonly Movement[]>): readonly Movement[] {
    const { deed, currency } = lines[one.line];
    return all.get(movementKey(deed, currency, one.amount)) ?? [];
  }

  /** Money moves once for each order, whatever happened: one reference at the bank, carried out once. */
  #twice(all: ReadonlyMap<string, readonly Movement[]>): string[] {
    return this.orders.flatMap((one) => {
      const moves = this.#movements(one, all);
      const count = moves.reduce((sum, move) => sum + move.count, 0);
      return count > 1 ? [`${about(one)} was carried out ${count} times: ${toldOf(moves)}`] : [];
    });
  }

  /** Asks again for what was acknowledged: the answer is the same. */
  async askAgain(): Promise<string[]> {
    const known = this.orders.filter(({ told }) => told !== null);
    return (await each(known, 32, (one) => this.#again(one))).flat();
  }

  /** Asks again for what was not: it is carried out now, or was already and is told now. */
  async askOpen(): Promise<void> {
    const open = this.orders.filter(({ told }) => told === null);
    await each(open, 6, async (one) => {
      const payment = this.orders.find(({ no }) => no === one.paymentNo);
      // Nobody refunds what was not paid.
      if (one.line !== 'refund' || payment?.told?.verdict === 'accepted') this.#note(one, await this.#slowly(one));
    });
    await this.#payAll();
  }

  /** With all the time a repeat may take that waits for the first call, also where its process is gone. */
  #slowly(one: Order): Promise<Told> {
    return steadily(() => this.#parts.doors[0].counter.ask(one, `${this.#parts.receiver.url}/n/${one.no}`));
  }

  async #again(one: Order): Promise<string[]> {
    const first = one.told;
    if (first === null) return [];
    const again = await this.#slowly(one);
    if (again.verdict === 'busy') return [`${about(one)}: busy after the storm`];
    const found: string[] = [];
    if (again.verdict === 'refused') found.push(`${about(one)} was acknowledged and is refused now: ${again.raw}`);
    if (first.platformNo !== '' && again.platformNo !== first.platformNo && again.verdict !== 'unknown')
      found.push(`${about(one)} was ${first.platformNo} and is ${again.platformNo} now`);
    if (first.payCode !== '' && again.payCode !== first.payCode)
      found.push(`${about(one)} was payable by ${first.payCode} and is by ${again.payCode} now`);
    return found;
  }

  async #payAll(): Promise<void> {
    const open = this.orders.filter((one) => one.line === 'collection' && !one.isPaid && one.told?.payCode);
    await each(open, 16, (one) => this.#payer(one));
  }

  /** Does the bank agree with what the merchant is told in the end? `owed` = nobody can say, and a person was asked or will be. */
  async reckon(isLate: boolean): Promise<{ readonly grievances: string[]; readonly owed: number }> {
    const all = await this.#parts.bank.movements();
    const known = this.orders.filter(({ told }) => told !== null);
    const found = await each(known, 32, async (one) => {
      const says = await this.#look(one);
      const moves = this.#movements(one, all);
      const hasMoved = moves.some(({ outcome }) => outcome === 'paid');
      if (says === 'paid' && !hasMoved) return `${about(one)} is told as paid, the bank has ${toldOf(moves)}`;
      if (says === 'failed' && hasMoved) return `${about(one)} is told as failed, the bank has ${toldOf(moves)}`;
      if (says === 'nothing' || says === 'unclear') return `${about(one)} shows ${says}`;
      if (one.line === 'collection' && one.isPaid && says !== 'paid') return `${about(one)} was paid and is ${says}`;
      return says === 'pending' && one.line !== 'collection' ? this.#whyOpen(one, moves, isLate) : null;
    });
    const lines = found.filter((line) => line !== null);
    return {
      grievances: [...lines.filter((line) => !isOwed(line)), ...this.#twice(all)],
      owed: lines.filter(isOwed).length,
    };
  }

  async #whyOpen(one: Order, moves: readonly Movement[], isLate: boolean): Promise<string> {
    const order = await steadily(() => shown(this.#parts.doors[0], one.no));
    const reviews = entries(order, 'review').map((entry) => textAt(entry, 'reason'));
    const isAsked = reviews.some((reason) => reason.endsWith('-not-found'));
    if ((isAsked && moves.length === 0) || !isLate) return `${about(one)} is owed`;
    return `${about(one)} is still ${textAt(order, 'state')}, the bank has ${toldOf(moves)}`;
  }

  /** Everything paid, in or out, is told, and of one event only. */
  async notices(patience: number): Promise<{ readonly grievances: string[]; readonly owed: number }> {
    const isDue = ({ line, told, isPaid }: Order) =>
      told !== null && (line === 'payout' || (line === 'collection' && isPaid));
    const due = this.orders.filter(isDue);
    const deadline = performance.now() + patience;
    for (;;) {
      const mail = byPath(this.#parts.receiver);
      const lacking = due.filter(({ no }) => !mail.has(`/n/${no}`));
      const states = await each(lacking, 16, (one) => this.#notice(one, patience > longestLeaseMs));
      if (states.every(isOwed) || performance.now() > deadline) {
        const untold = states.filter((state) => !isOwed(state));
        return { grievances: [...untold, ...toldTwice(due, mail)], owed: states.filter(isOwed).length };
      }
      await wait(1_000);
    }
  }

  /**
   * What a dead process was about to send is asked for when its call can no longer be under way, half a minute later; a payout
   * that nobody knows of then is a person's to decide.
   */
  async #notice(one: Order, isLate: boolean): Promise<string> {
    const { operator } = this.#parts.doors[0];
    const [notice] = await steadily(() => operator.list('notices', `?number=${one.no}`));
    const state = textAt(notice, 'state') || 'no';
    const order = await steadily(() => shown(this.#parts.doors[0], one.no));
    const asked = entries(order, 'review').map((entry) => textAt(entry, 'reason'));
    const isOpen = ['sending', 'unknown', 'pending'].includes(textAt(order, 'state'));
    const isLater = state === 'pending' || asked.includes('payout-not-found') || (isOpen && !isLate);
    return `${about(one)}: ${isLater ? 'its notice is owed' : `never told, ${state} notice: ${JSON.stringify(entries(order, 'notice'))}`}`;
  }
}

const nothingTold: Told = { verdict: 'unknown', raw: '', json: null, payCode: '', platformNo: '' };

function about({ branch, line, no }: Order): string {
  return `${branch} ${line} ${no}`;
}

function isOwed(line: string): boolean {
  return line.endsWith(' is owed');
}

type Mail = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

/** By path and state told: the ids of the notices. */
function byPath({ all }: Receiver): Mail {
  const found = new Map<string, Map<string, Set<string>>>();
  for (const { path, headers, json } of all) {
    const states = found.get(path) ?? new Map<string, Set<string>>();
    found.set(path, states);
    const state = textAt(json, 'orderStatus') || textAt(json, 'tradeStatus');
    states.set(state, (states.get(state) ?? new Set()).add(String(headers['webhook-id'])));
  }
  return found;
}

/** What expired and was paid after all is told both, each once. */
function toldTwice(due: readonly Order[], mail: Mail): string[] {
  return due.flatMap((one) =>
    [...(mail.get(`/n/${one.no}`) ?? [])]
      .filter(([, ids]) => ids.size > 1)
      .map(([state, ids]) => `${about(one)} was told ${state} as ${ids.size} events`),
  );
}

/** A kept connection may be closed at the very moment it is used again; both sides are well, so it is asked again. */
async function steadily<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = 3; ; left -= 1) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) throw error;
      await wait(500);
    }
  }
}

/** So many at a time. */
async function each<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += atOnce)
    results.push(...(await Promise.all(items.slice(i, i + atOnce).map(work))));
  return results;
}
