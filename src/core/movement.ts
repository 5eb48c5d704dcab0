/**
 * Which word speaks of which movement of money. A channel may tell of one movement several times, now with the bank's number and now
 * without; what is known of it grows with every word, and only what contradicts makes another movement.
 */
import type { Extras } from './commands.ts';
import type { Move } from './ledger.ts';
import type { Order } from './order.ts';
import type { Instant } from './world.ts';

/** Member of `extras`: the wallet's or bank's own number of a success. Two under one order of the channel are two payments. */
export const movementMember = 'channel.movementNo';

export interface Movement {
  /** Reason of the posting that booked it; of a new word the reason it would be booked under. */
  readonly posting: string;
  /** The suspense account it lies in (or is missing from). */
  readonly account: string;
  readonly minor: bigint;
  /** Our reference; null = booked before words were kept with their postings, so that only its name is known. */
  readonly reference: string | null;
  /** The channel's number of the order. */
  readonly upstreamNo: string | null;
  /** The wallet's or bank's own number of the movement. */
  readonly movementNo: string | null;
  /** When it happened, by the channel's own clock. */
  readonly happenedAt: Instant | null;
}

/** What evidence says about the movement it tells of. */
interface Word extends Pick<Movement, 'reference' | 'upstreamNo' | 'happenedAt'> {
  readonly extras: Extras;
  readonly isMovementNo?: true;
}

/** The movement that `evidence` tells of, if it is booked by `move`. `order` is as it was before. */
export function movementOf(order: Order, evidence: Word, move: Move): Movement {
  const reference = evidence.reference ?? order.reference;
  const movementNo = evidence.extras[movementMember] ?? null;
  // Without any number it is the order under the number it is known by; unless that one's money is where it belongs.
  const isOfOrder = movementNo === null && reference === order.reference && order.state !== 'paid';
  return {
    posting: move.reason,
    account: move.reason.startsWith('suspense-in') ? move.to : move.from,
    minor: move.amount,
    reference,
    upstreamNo: orderNoIn(evidence) ?? (isOfOrder ? order.upstreamNo : null),
    movementNo,
    happenedAt: evidence.happenedAt,
  };
}

/** The channel's number of an order. Where a message had none, the bank's stands in its place, and says nothing about it. */
export function orderNoIn({ upstreamNo, isMovementNo }: Pick<Word, 'upstreamNo' | 'isMovementNo'>): string | null {
  return isMovementNo ? null : upstreamNo;
}

interface Match {
  /** The movement in the books that the word speaks of; null = another one. */
  readonly known: Movement | null;
  /** The channel's times say that it may be another one all the same. */
  readonly isDoubtful: boolean;
}

/** Clocks of a channel's machines, and messages that round to the minute. */
const sameMomentMs = 60_000;

/** Finds the movement a word speaks of. The bank's number decides; without it, whatever does not contradict is the same. */
export function matchMovement(told: Movement, books: readonly Movement[]): Match {
  const alike = books.filter(({ account, minor }) => account === told.account && minor === told.minor);
  const numbered = alike.find(({ movementNo }) => movementNo !== null && movementNo === told.movementNo);
  if (numbered) return { known: numbered, isDoubtful: false };
  const fitting = alike.filter((one) => fits(one, told));
  const known = fitting.find((one) => !isApart(one, told)) ?? fitting[0] ?? null;
  return { known, isDoubtful: known !== null && isApart(known, told) };
}

/** What is known of a movement after a further word about it. */
export function withWord(known: Movement, told: Movement): Movement {
  return {
    ...known,
    reference: known.reference ?? told.reference,
    upstreamNo: known.upstreamNo ?? told.upstreamNo,
    movementNo: known.movementNo ?? told.movementNo,
    happenedAt: known.happenedAt ?? told.happenedAt,
  };
}

/** Only two numbers can differ: a message without one says nothing. */
export function differs(one: string | null | undefined, other: string | null | undefined): boolean {
  return typeof one === 'string' && typeof other === 'string' && one !== other;
}

function fits(known: Movement, told: Movement): boolean {
  if (known.reference === null)
    return [told.movementNo, told.upstreamNo, told.reference].some((name) => name !== null && isNamed(known, name));
  return (
    known.reference === told.reference &&
    !differs(known.movementNo, told.movementNo) &&
    !differs(known.upstreamNo, told.upstreamNo)
  );
}

function isNamed({ posting, minor }: Movement, name: string): boolean {
  return posting.endsWith(`/${name}/${minor}`);
}

function isApart(one: Movement, other: Movement): boolean {
  if (one.happenedAt === null || other.happenedAt === null) return false;
  return Math.abs(one.happenedAt - other.happenedAt) > sameMomentMs;
}
