/** What runs in the background, as a list. */
import { deliverNotice } from '../flows/deliver-notice.ts';
import type { Gate } from '../flows/gate.ts';
import { lookAgain } from '../flows/chase.ts';
import { claimNotices } from '../store/notices.ts';
import { claimWork, homesWithWork } from '../store/work.ts';
import type { Piece, Task } from './runner.ts';

/** Longer than any attempt may take (20 s cap), twice: a slow attempt is never started a second time beside itself (T004). */
const leaseMs = 60_000;
const noticesInFlight = 512;
const noticesAtOnce = 256;
/** One dead endpoint may hold this many of them, no more. */
const perHost = 24;
const chasesInFlight = 32;

function deliverNotices(gate: Gate): Task {
  const busy = new Map<string, number>();
  const { world, db } = gate;
  return {
    name: 'notices',
    inFlight: noticesInFlight,
    pollMs: 500,
    async claim(homes, room) {
      const hosts = [...busy].map(([host, count]) => ({ host, count }));
      const now = world.now();
      const due = await claimNotices(db, homes, now, now + leaseMs, Math.min(room, noticesAtOnce), perHost, hosts);
      return due.map((notice) => ({
        async run() {
          busy.set(notice.host, (busy.get(notice.host) ?? 0) + 1);
          try {
            await deliverNotice(gate, notice);
          } finally {
            const left = (busy.get(notice.host) ?? 1) - 1;
            if (left > 0) busy.set(notice.host, left);
            else busy.delete(notice.host);
          }
        },
      }));
    },
  };
}

function chaseOrders(gate: Gate): Task {
  const { world, db } = gate;
  return {
    name: 'chase',
    inFlight: chasesInFlight,
    pollMs: 500,
    async claim(homes, room) {
      const pieces: Piece[] = [];
      for (const home of await homesWithWork(db, homes, world.now())) {
        if (pieces.length >= room) break;
        const due = await claimWork(db, home, world.now(), world.now() + leaseMs, room - pieces.length);
        pieces.push(...due.map((work) => ({ run: () => lookAgain(gate, work) })));
      }
      return pieces;
    },
  };
}

export function allTasks(gate: Gate): Task[] {
  return [deliverNotices(gate), chaseOrders(gate)];
}
