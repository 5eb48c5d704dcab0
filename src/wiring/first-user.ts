/**
 * The first person of the console: made at the first start with a random one-time code, which whoever owns the data folder is
 * told until it is used. There is no default password (T102).
 */
import type { World } from '../core/world.ts';
import type { Vault } from '../edge/vault.ts';
import { setupCode } from '../flows/users.ts';
import { type Database, sql } from '../store/database.ts';
import { hasUsers, insertUser, userNamed } from '../store/users.ts';

const settingName = 'console-setup';
const place = 'settings/console-setup';
const firstName = 'admin';

export interface FirstUser {
  readonly user: string;
  /** null once it was used. */
  readonly setupCode: string | null;
}

/** Several processes may start at once on an empty database: the row of whoever comes first counts. */
export async function makeFirstUser(db: Database, vault: Vault, world: World): Promise<void> {
  if (await hasUsers(db)) return;
  const code = setupCode(world);
  const sealed = vault.seal(place, code).toString('base64');
  await db.transaction(async (query) => {
    const made = await query.run(
      sql`insert into settings (name, value) values (${settingName}, ${{ sealed }}) on conflict do nothing returning name`,
    );
    if (made.length === 0) return;
    const user = { id: world.newId(), name: firstName, role: 'admin', merchantId: null, setupUntil: null } as const;
    await insertUser(query, { ...user, setupCode: code }, world.now());
  });
}

export async function firstUser(db: Database, vault: Vault): Promise<FirstUser> {
  const user = await userNamed(db, firstName);
  const [row] = await db.run<{ value: { sealed: string } }>(
    sql`select value from settings where name = ${settingName}`,
  );
  const isOpen = user !== null && user.setupHash !== null && user.setupUntil === null && row !== undefined;
  return {
    user: firstName,
    setupCode: isOpen ? vault.open(place, Buffer.from(row.value.sealed, 'base64')).toString() : null,
  };
}
