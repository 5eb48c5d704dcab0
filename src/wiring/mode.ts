/** A database is a sandbox's or it is not, for good. */
import type { Config } from '../config.ts';
import { type Database, sql } from '../store/database.ts';
import { sandboxSetting } from './sandbox.ts';

/**
 * Demo keys were shown to everybody who looked and must open no real books, and demo money must not be in them (T037).
 * Throws in words for the operator.
 */
export async function keepModesApart(db: Database, mode: Config['mode']): Promise<void> {
  const [found] = await db.run<{ sandbox: boolean; merchants: boolean }>(sql`
    select exists (select from settings where name = ${sandboxSetting}) as sandbox,
      exists (select from merchants) as merchants
  `);
  if (!found) return;
  if (mode === 'production' && found.sandbox)
    throw new Error(
      'this data belongs to a sandbox, with keys that are no secret; production needs a folder of its own (--data)',
    );
  if (mode === 'sandbox' && found.merchants && !found.sandbox)
    throw new Error('this data has merchants of its own; a sandbox needs another folder (--data)');
}
