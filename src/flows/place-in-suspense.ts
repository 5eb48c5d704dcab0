/**
 * Money without a place in its order is told of several times, in one batch or over days, with the bank's number or without: it is booked
 * to suspense once per movement. Where the channel's own times say that one movement may have been two, a person looks.
 */
import type { Evidence, Review } from '../core/evidence.ts';
import type { Move } from '../core/ledger.ts';
import { matchMovement, type Movement, movementOf, withWord } from '../core/movement.ts';
import type { Order } from '../core/order.ts';
import type { Query } from '../store/database.ts';
import { movementsInSuspense, type MovementWord } from '../store/movements.ts';

/** A word of money that has no place in its order, as it was decided. */
export interface Aside {
  readonly order: Order;
  readonly evidence: Evidence;
  readonly move: Move;
  /** Does the money go back by itself? */
  readonly givesBack: boolean;
}

export interface Placed extends Aside {
  /** Not in the books yet: the movement is booked, and goes back. */
  readonly isFresh: boolean;
  /** For the timeline. */
  readonly word: MovementWord;
  readonly review: Review | null;
}

/** One for each word, in their order. Orders are locked by the caller. */
export async function placeInSuspense(query: Query, asides: readonly Aside[]): Promise<Placed[]> {
  if (asides.length === 0) return [];
  const books = new Map(
    await movementsInSuspense(
      query,
      asides.map(({ order }) => order),
    ),
  );
  return asides.map((aside) => {
    const key = `${aside.order.home}/${aside.order.id}`;
    const known = books.get(key) ?? [];
    const told = movementOf(aside.order, aside.evidence, aside.move);
    const match = matchMovement(told, known);
    if (match.known) {
      const { posting } = match.known;
      books.set(
        key,
        known.map((one) => (one === match.known ? withWord(one, told) : one)),
      );
      const review = match.isDoubtful ? doubt(match.known, told) : null;
      return { ...aside, isFresh: false, word: wordOf({ ...told, posting }), review };
    }
    const isTaken = known.some(({ posting }) => posting === told.posting);
    const fresh = isTaken ? { ...told, posting: `${told.posting}/${known.length + 1}` } : told;
    books.set(key, [...known, fresh]);
    return {
      ...aside,
      move: { ...aside.move, reason: fresh.posting },
      isFresh: true,
      word: wordOf(fresh),
      review: null,
    };
  });
}

function wordOf({ posting, reference, upstreamNo, movementNo, happenedAt }: Movement): MovementWord {
  return { posting, reference, upstreamNo, movementNo, happenedAt };
}

/** Both pieces, side by side. */
function doubt(known: Movement, told: Movement): Review {
  const detail = {
    booked: known.posting,
    reference: told.reference,
    upstreamNo: told.upstreamNo,
    knownUpstreamNo: known.upstreamNo,
    movementNo: told.movementNo,
    knownMovementNo: known.movementNo,
    happenedAt: isoOf(told),
    knownHappenedAt: isoOf(known),
  };
  const review = { reason: 'one-movement-or-two', detail };
  return review;
}

function isoOf({ happenedAt }: Movement): string | null {
  return happenedAt === null ? null : new Date(happenedAt).toISOString();
}
