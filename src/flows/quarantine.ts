/**
 * After a restore the books know less than the channels (T038): what was sent since the backup is not here, and would be sent a second
 * time. So nothing that sends money out leaves until a person has compared every order that may have moved with its channel, and lifts
 * the quarantine with a reason. Collections and callbacks go on.
 */
import { isFinal, type Kind } from '../core/order.ts';
import { Refusal } from '../core/refusal.ts';
import type { Instant } from '../core/world.ts';
import { orderByKey } from '../store/orders.ts';
import {
  beginQuarantine,
  type Comparison,
  endQuarantine,
  noteComparison,
  ordersToCompare,
  type Quarantine,
} from '../store/quarantine.ts';
import { change, type Office } from './administer.ts';
import { compareUpstream } from './chase.ts';
import type { Gate } from './gate.ts';

/** Finished orders of so long before the backup are compared too: payouts come back, late money comes. */
const lookBackMs = 86_400_000;
const homes = 256;
const pageSize = 200;
const atOnce = 16;

/** The present one. Throws Refusal `not-found` when there is none. */
function presentOne(gate: Gate): Quarantine {
  const { quarantine } = gate.directory();
  if (!quarantine) throw new Refusal('not-found', { text: 'there is no quarantine' });
  return quarantine;
}

/** For whoever restored with other tools than ours. */
export async function enterQuarantine(
  office: Pick<Office, 'gate'>,
  actor: string,
  backupAt: Instant,
  cause: string,
): Promise<void> {
  const { world } = office.gate;
  const row = { id: world.newId(), begunAt: world.now(), backupAt, cause };
  await change(office, actor, 'quarantine.begin', { backupAt, cause }, (query) => beginQuarantine(query, row));
}

/** Asks the channels about everything that may have moved since the backup; what they say is learnt like any other answer. */
export async function compareWithChannels(office: Pick<Office, 'gate'>, actor: string): Promise<Comparison> {
  const { gate } = office;
  const { id, backupAt } = presentOne(gate);
  const found = { asked: 0, answered: 0, changed: 0, notKnown: 0, unanswered: 0 };
  for (const kind of ['payout', 'refund', 'payment'] as const)
    for (let home = 0; home < homes; home++) await compareHome(gate, kind, home, backupAt - lookBackMs, found);
  await change(office, actor, 'quarantine.compare', found, (query) =>
    noteComparison(query, id, gate.world.now(), found),
  );
  return found;
}

type Counting = { -readonly [Name in keyof Comparison]: number };

async function compareHome(gate: Gate, kind: Kind, home: number, since: Instant, found: Counting): Promise<void> {
  let after = 0n;
  for (;;) {
    const ids = await ordersToCompare(gate.db, kind, home, since, after, pageSize);
    for (let from = 0; from < ids.length; from += atOnce)
      await Promise.all(ids.slice(from, from + atOnce).map((id) => compareOne(gate, kind, { home, id }, found)));
    after = ids.at(-1) ?? after;
    if (ids.length < pageSize) return;
  }
}

async function compareOne(
  gate: Gate,
  kind: Kind,
  key: { readonly home: number; readonly id: bigint },
  found: Counting,
): Promise<void> {
  const before = await orderByKey(gate.db, kind, key);
  // A payment whose payer has not chosen yet was given to nobody.
  if (!before || before.state === 'new') return;
  const { order, heard, isUnknownThere } = await compareUpstream(gate, before);
  found.asked += 1;
  if (heard) found.answered += 1;
  else if (isUnknownThere) found.notKnown += 1;
  // The end was told to us already, and a channel that says nothing new takes nothing back.
  else if (!isFinal(before)) found.unanswered += 1;
  if (order.state !== before.state) found.changed += 1;
}

/**
 * Lets money leave again. Throws Refusal `conflict` while orders have not been compared or a channel has not answered;
 * `isAnyway` = somebody has asked the channels in another way.
 */
export async function liftQuarantine(
  office: Pick<Office, 'gate'>,
  actor: string,
  reason: string,
  isAnyway: boolean,
): Promise<void> {
  const { id, compared } = presentOne(office.gate);
  if (!isAnyway && compared === null)
    throw new Refusal('conflict', { text: 'compare with the channels first: kanal quarantine compare' });
  if (!isAnyway && compared !== null && compared.unanswered > 0)
    throw new Refusal('conflict', { text: `the channels have not answered about ${compared.unanswered} orders` });
  const end = { at: office.gate.world.now(), by: actor, reason };
  await change(office, actor, 'quarantine.lift', { reason, isAnyway, compared }, async (query) => {
    if (!(await endQuarantine(query, id, end))) throw new Refusal('conflict', { text: 'it is lifted already' });
  });
}
