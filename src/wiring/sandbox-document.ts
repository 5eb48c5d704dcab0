/** `kanal sandbox --json`: what somebody needs to play with a running sandbox. Shape: interface.md. */
import type { Vault } from '../edge/vault.ts';
import type { Database } from '../store/database.ts';
import { firstUser } from './first-user.ts';
import { keptTwins } from './kept-twins.ts';
import { readSandbox } from './sandbox.ts';

/** Null when this database has no sandbox. */
export async function sandboxDocument(baseUrl: string, token: string, db: Database, vault: Vault): Promise<unknown> {
  const facts = await readSandbox(db, vault);
  if (!facts) return null;
  const operator = { token };
  const console = { url: `${baseUrl}/console`, ...(await firstUser(db, vault)) };
  return { baseUrl, operator, console, merchants: facts.merchants, twins: Object.fromEntries(await keptTwins(db)) };
}
