/**
 * A channel's statement of a day against our books of that day. What is compared are movements: each line that says money moved takes one
 * movement that the books hold for its order, in that very sum. What is left over on either side is a difference, of one of five kinds.
 */
import type { Span } from './days.ts';
import { type Money, sameMoney } from './money.ts';
import { type Key, type Kind, type Order, isFinal } from './order.ts';
import type { LineState, StatementLine } from './statement.ts';
import type { Event } from './rules.ts';
import type { Instant } from './world.ts';

export const differenceTypes = [
  /** The channel has it, and we do not. */
  'unknown-here',
  /** We have it, and the channel does not. */
  'unknown-there',
  'amount-differs',
  'state-differs',
  /** The statement has the same line twice. */
  'line-twice',
] as const;
export type DifferenceType = (typeof differenceTypes)[number];

/** What the books know of one order at the channel in question. */
export interface Booked extends Key {
  readonly kind: Kind;
  readonly state: Order['state'];
  /** Its present one; null when the attempt that counts is at another channel. */
  readonly reference: string | null;
  /** Those of other attempts at this channel. */
  readonly formerReferences: readonly string[];
  readonly upstreamNo: string | null;
  readonly amount: Money;
  /** Sums beside the order: money in suspense, or that was. */
  readonly aside: readonly Aside[];
  /** When it was decided; while it is not, when it was made. */
  readonly at: Instant;
}

export interface Aside {
  readonly money: Money;
  readonly at: Instant;
  /** Nobody has settled it. */
  readonly isOpen: boolean;
}

export interface Difference {
  readonly type: DifferenceType;
  readonly kind: Kind;
  /** Null for what the statement does not have. */
  readonly line: StatementLine | null;
  /** Null for what the books do not have. */
  readonly booked: Booked | null;
  /** The sum in question: the channel's where the channel has one. */
  readonly money: Money;
  /** Does it say that money moved? Else it is about words only. */
  readonly isMoney: boolean;
  /** It is the order's own movement in another sum: so much more than the books have, or less. Null = all of the sum is beside them. */
  readonly gap: bigint | null;
}

/** What is compared with what. */
export interface Comparing {
  readonly lines: readonly StatementLine[];
  /** Every order a line names, and every order at the channel in the span and its margins. */
  readonly books: readonly Booked[];
  readonly span: Span;
  /** How far the channel's clock and ours may put the same movement on different days. */
  readonly marginMs: number;
  /** References that other days' statements list as moved, by `kind/reference`. */
  readonly elsewhere: ReadonlySet<string>;
  /** Are there statements of the day before, and of the day after? */
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}

type Taken = 'own' | 'aside' | 'nothing';

export interface Compared {
  readonly differences: readonly Difference[];
  /** With what each line has taken: the order's own movement, a sum beside it, or nothing, as nothing moved. */
  readonly matched: readonly (readonly [StatementLine, Booked, Taken])[];
  /** So near to midnight that the statement of the day beside may have them, and that one is not here yet. */
  readonly carried: readonly Booked[];
}

/** An order, and what of it no line has taken yet. */
interface Account {
  readonly booked: Booked;
  isMentioned: boolean;
  /** The movement the order itself stands for; null = none, or taken. */
  own: Money | null;
  aside: readonly Aside[];
  /** A line has told that it moved, and the books do not say so. */
  isOut: boolean;
}

const moved: Readonly<Record<Kind, ReadonlySet<string>>> = {
  payment: new Set(['paid']),
  payout: new Set(['succeeded', 'returned']),
  refund: new Set(['succeeded']),
};

/** Did the order's money move at this channel, as far as we know? */
function hasMoved({ kind, state, reference }: Booked): boolean {
  return reference !== null && moved[kind].has(state);
}

export function saysMoved(state: LineState): boolean {
  return state === 'paid' || state === 'returned';
}

/** Does it leave money on one side? What came back is where it was, whatever the books say of it. */
function isOneWay({ state }: StatementLine): boolean {
  return state === 'paid';
}

/** What a line amounts to as evidence. */
export const lineEvents: Readonly<Record<LineState, Event>> = {
  paid: 'succeeded',
  failed: 'failed',
  closed: 'closed',
  reversed: 'reversed',
  returned: 'returned',
};

/** The differences in a fixed order, whatever order the lines came in. */
export function compare(comparing: Comparing): Compared {
  const accounts = comparing.books.map(accountOf);
  const index = indexOf(accounts);
  const seen = new Set<string>();
  const differences: Difference[] = [];
  const matched: [StatementLine, Booked, Taken][] = [];
  for (const { line, name } of byNumber(comparing.lines, index)) {
    const account = accountFor(index, line);
    const isTwice = seen.has(name);
    seen.add(name);
    const before = account?.aside.length;
    const found = isTwice && !takesAside(account, line) ? twice(line, account) : differenceOf(line, account);
    if (account && isAboutPresent(line, account.booked)) account.isMentioned = true;
    if (found) differences.push(found);
    else if (account) matched.push([line, account.booked, account.aside.length === before ? ownOf(line) : 'aside']);
  }
  const left = accounts.map((account) => [account.booked, leftOver(account, comparing)] as const);
  return {
    differences: [
      ...differences,
      ...left.flatMap(([, found]) => (found === null || found === 'carried' ? [] : [found])),
    ],
    matched,
    carried: left.filter(([, found]) => found === 'carried').map(([booked]) => booked),
  };
}

/** A former attempt that came to nothing says nothing about the one that counts. */
function isAboutPresent({ reference, state }: StatementLine, booked: Booked): boolean {
  return saysMoved(state) || reference === null || reference === booked.reference;
}

/** A line under its name, which is made once: a busy day's lines are compared millions of times. */
interface Named {
  readonly line: StatementLine;
  readonly name: string;
}

/** Of lines with the same numbers, those that say less go first, so that what came before does not look like news. */
function byName({ line: one, name: a }: Named, { line: other, name: b }: Named): number {
  if (a !== b) return a < b ? -1 : 1;
  return one.money.minor === other.money.minor ? one.no - other.no : one.money.minor < other.money.minor ? -1 : 1;
}

function ownOf({ state }: StatementLine): Taken {
  return saysMoved(state) ? 'own' : 'nothing';
}

/** Of several lines about one order, that of the number the order is known by is its own movement: the others are other ones. */
function byNumber(lines: readonly StatementLine[], index: ReadonlyMap<string, Account>): Named[] {
  const isOwn = ({ line }: Named) => {
    const known = accountFor(index, line)?.booked.upstreamNo ?? null;
    return known !== null && known === line.upstreamNo;
  };
  const own: Named[] = [];
  const others: Named[] = [];
  for (const one of lines.map((line) => ({ line, name: nameOf(line) })).sort(byName))
    (isOwn(one) ? own : others).push(one);
  return [...own, ...others];
}

/** Lines of one name are the same line: kind, numbers and state. A payout that was paid and returned has two names. */
function nameOf({ kind, reference, upstreamNo, state }: StatementLine): string {
  return [kind, reference ?? '', upstreamNo ?? '', state].join(' ');
}

function accountOf(booked: Booked): Account {
  return {
    booked,
    isMentioned: false,
    own: hasMoved(booked) ? booked.amount : null,
    aside: booked.aside,
    isOut: false,
  };
}

function indexOf(accounts: readonly Account[]): ReadonlyMap<string, Account> {
  const index = new Map<string, Account>();
  for (const account of accounts) {
    const { kind, reference, formerReferences, upstreamNo } = account.booked;
    for (const one of [...formerReferences, ...(reference === null ? [] : [reference])])
      index.set(`${kind} reference ${one}`, account);
    if (upstreamNo !== null) index.set(`${kind} number ${upstreamNo}`, account);
  }
  return index;
}

/** By our reference; the channel's own number counts only where it does not repeat ours. */
function accountFor(index: ReadonlyMap<string, Account>, { kind, reference, upstreamNo }: StatementLine) {
  return index.get(reference === null ? `${kind} number ${upstreamNo ?? ''}` : `${kind} reference ${reference}`);
}

function takesAside(account: Account | undefined, { state, money }: StatementLine): boolean {
  return saysMoved(state) && account !== undefined && account.aside.some((one) => sameMoney(one.money, money));
}

function twice(line: StatementLine, account: Account | undefined): Difference {
  return of('line-twice', line, account?.booked ?? null, isOneWay(line));
}

function of(
  type: DifferenceType,
  line: StatementLine,
  booked: Booked | null,
  isMoney: boolean,
  gap: bigint | null = null,
): Difference {
  return { type, kind: line.kind, line, booked, money: line.money, isMoney, gap };
}

/** Null = the books say the same; what they hold for it is taken. */
function differenceOf(line: StatementLine, account: Account | undefined): Difference | null {
  if (!account) return of('unknown-here', line, null, isOneWay(line));
  return saysMoved(line.state) ? movementOf(line, account) : stillness(line, account);
}

function movementOf(line: StatementLine, account: Account): Difference | null {
  const { booked } = account;
  // Whether or not another line has told of the way there.
  const isNews = line.state === 'returned' && booked.state !== 'returned';
  if (isNews && hasMoved(booked) && sameMoney(booked.amount, line.money)) {
    account.own = null;
    return of('state-differs', line, booked, true);
  }
  if (account.own !== null && sameMoney(account.own, line.money)) {
    // Paid and returned are one movement there and back: the line of the way back takes nothing more.
    if (!(booked.state === 'returned' && line.state === 'paid')) account.own = null;
    return null;
  }
  // Whoever hears of it only after the money came back was told that it failed: nothing stays moved on either side.
  if (line.state === 'returned' && isFinal(booked) && !hasMoved(booked))
    return isMissing(account, line) ? of('state-differs', line, booked, true) : null;
  const aside = account.aside.findIndex((one) => sameMoney(one.money, line.money));
  if (aside >= 0) {
    account.aside = account.aside.toSpliced(aside, 1);
    return null;
  }
  if (!sameMoney(booked.amount, line.money)) return of('amount-differs', line, booked, true, gapOf(line, account));
  // The order's own movement went to another line, or counts at another channel: this is a second one.
  if (hasMoved(booked) || booked.reference === null) return of('unknown-here', line, booked, true);
  if (line.state === 'paid') account.isOut = true;
  return of('state-differs', line, booked, true);
}

/** Under the order's own numbers, whose money is on the books and told of by no other line. */
function gapOf({ state, reference, upstreamNo, money }: StatementLine, account: Account): bigint | null {
  const { own, booked } = account;
  const isOwn =
    (reference === null || reference === booked.reference) &&
    (upstreamNo === null || booked.upstreamNo === null || upstreamNo === booked.upstreamNo);
  if (own === null || state !== 'paid' || own.currency !== money.currency || !isOwn) return null;
  account.own = null;
  return money.minor - own.minor;
}

/** Is the sum on the books as having left, or about to be? Then that it came back is news. */
function isMissing({ booked, isOut }: Account, { money }: StatementLine): boolean {
  return isOut || booked.aside.some((one) => one.isOpen && sameMoney(one.money, money));
}

/** The channel says that nothing moved. */
function stillness(line: StatementLine, { booked }: Account): Difference | null {
  const isQuiet = booked.state === 'returned' || booked.state === 'new' || (isFinal(booked) && !hasMoved(booked));
  if (isQuiet || !isAboutPresent(line, booked)) return null;
  return of('state-differs', line, booked, hasMoved(booked));
}

/** What of an order no line of any statement tells of; null = nothing. */
function leftOver({ booked, isMentioned, own, aside }: Account, comparing: Comparing): Difference | 'carried' | null {
  if (isMentioned || isElsewhere(booked, comparing.elsewhere)) return null;
  const open = aside.find(({ isOpen }) => isOpen);
  const missing = own ? { money: own, at: booked.at } : open;
  // Money is held for it, and nobody knows what became of it: that the channel does not list it is evidence.
  const isHeld = booked.kind !== 'payment' && !isFinal(booked) && booked.state !== 'requested';
  if (!missing && !isHeld) return null;
  const place = placeOf(missing?.at ?? booked.at, comparing);
  if (place !== 'ours') return place === 'carried' ? 'carried' : null;
  const money = missing?.money ?? booked.amount;
  return {
    type: 'unknown-there',
    kind: booked.kind,
    line: null,
    booked,
    money,
    isMoney: missing !== undefined,
    gap: null,
  };
}

function isElsewhere({ kind, reference, formerReferences }: Booked, elsewhere: ReadonlySet<string>): boolean {
  return [reference, ...formerReferences].some((one) => one !== null && elsewhere.has(`${kind}/${one}`));
}

/**
 * Whose business a moment is. Inside the day: this comparison's. Near a midnight, on either side: whichever of the two statements beside
 * it is compared last, as only then it is known that neither has it.
 */
function placeOf(at: Instant, { span, marginMs, hasBefore, hasAfter }: Comparing): 'ours' | 'carried' | 'outside' {
  if (at < span.from - marginMs || at >= span.to + marginMs) return 'outside';
  if (at < span.from + marginMs) return hasBefore ? 'ours' : 'carried';
  if (at >= span.to - marginMs) return hasAfter ? 'ours' : 'carried';
  return 'ours';
}

/** What tells a difference from the others of its channel: the same whenever it is found. */
export function markOf({ type, kind, line, booked, money, isMoney }: Difference): string {
  const order = booked ? String(booked.id) : '';
  const numbers = line ? `${line.reference ?? ''}/${line.upstreamNo ?? ''}/${line.state}` : isMoney ? 'moved' : 'held';
  const sum = type === 'amount-differs' || type === 'line-twice' ? `/${money.minor} ${money.currency}` : '';
  return `${type}/${kind}/${order}/${numbers}${sum}`;
}

/** Sums of what moved, by kind and currency: the statement's, and the books'. */
export interface Sum {
  readonly kind: Kind;
  readonly currency: Money['currency'];
  theirs: { count: number; minor: bigint };
  ours: { count: number; minor: bigint };
  fees: bigint;
}

export function sumsOf(lines: readonly StatementLine[], { differences, matched }: Compared): Sum[] {
  const sums = new Map<string, Sum>();
  const sumFor = (kind: Kind, currency: Money['currency']): Sum => {
    const name = `${currency} ${kind}`;
    const nothing = () => ({ count: 0, minor: 0n });
    const sum = sums.get(name) ?? { kind, currency, theirs: nothing(), ours: nothing(), fees: 0n };
    sums.set(name, sum);
    return sum;
  };
  const add = (side: 'theirs' | 'ours', kind: Kind, money: Money) => {
    const sum = sumFor(kind, money.currency)[side];
    sum.count += 1;
    sum.minor += money.minor;
  };
  for (const line of lines) {
    if (saysMoved(line.state)) add('theirs', line.kind, line.money);
    sumFor(line.kind, line.money.currency).fees += line.fee ?? 0n;
  }
  for (const [line] of matched) if (saysMoved(line.state)) add('ours', line.kind, line.money);
  for (const { booked, type, kind, money } of differences) {
    if (type === 'unknown-there') add('ours', kind, money);
    else if (booked && type !== 'unknown-here' && type !== 'line-twice' && hasMoved(booked))
      add('ours', kind, booked.amount);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}
