/** Counts that have an end: what no longer counts is removed, a little at a time, so that guessing fills no table. */
import type { World } from '../core/world.ts';
import type { Database } from '../store/database.ts';
import { forgetSessions } from '../store/sessions.ts';
import { forgetTexts } from '../store/text-sends.ts';
import { forgetOldTries } from '../store/users.ts';

/** Longer than anything counted here is remembered. */
const dayMs = 86_400_000;
const sessionMs = 30 * dayMs;
const atOnce = 1_000;
/** At most so many times a sweep; the next one goes on. */
const times = 20;

export async function forgetCounts(world: World, db: Database, homes: readonly number[]): Promise<void> {
  const now = world.now();
  await repeated(() => forgetOldTries(db, now - dayMs, now, atOnce));
  await repeated(() => forgetSessions(db, now - sessionMs, atOnce));
  for (const home of homes) await repeated(() => forgetTexts(db, home, now - dayMs, atOnce));
}

async function repeated(forget: () => Promise<number>): Promise<void> {
  for (let time = 0; time < times; time += 1) if ((await forget()) < atOnce) return;
}
