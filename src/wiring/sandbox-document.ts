/** `kanal sandbox --json`: what somebody needs to play with a running sandbox. Shape: interface.md. */
import type { Vault } from '../edge/vault.ts';
import { type Database, sql } from '../store/database.ts';
import { firstUser } from './first-user.ts';
import { readSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox-twins.ts';

const settingName = 'sandbox-twins';

/** Written at each start by the process that has the twins, so that every process can answer. */
export async function keepTwins(db: Database, { twins }: Pick<Sandbox, 'twins'>): Promise<void> {
  const addresses = Object.fromEntries(
    [...twins].map(([name, { baseUrl, controlUrl }]) => [name, { baseUrl, controlUrl }]),
  );
  await db.run(sql`
    insert into settings (name, value) values (${settingName}, ${addresses})
    on conflict (name) do update set value = excluded.value`);
}

/** Null when this database has no sandbox. */
export async function sandboxDocument(baseUrl: string, token: string, db: Database, vault: Vault): Promise<unknown> {
  const facts = await readSandbox(db, vault);
  const [row] = await db.run<{ value: unknown }>(sql`select value from settings where name = ${settingName}`);
  if (!facts) return null;
  const operator = { token };
  const console = { url: `${baseUrl}/console`, ...(await firstUser(db, vault)) };
  return { baseUrl, operator, console, merchants: facts.merchants, twins: row?.value ?? {} };
}
