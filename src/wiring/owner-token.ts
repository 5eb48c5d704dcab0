/** The bearer token of whoever owns the data folder: made once, kept sealed, written to `<data>/gateway.json` at each start. */
import { createHash } from 'node:crypto';
import type { World } from '../core/world.ts';
import type { Vault } from '../edge/vault.ts';
import { type Database, sql } from '../store/database.ts';

const settingName = 'owner-token';
const place = 'settings/owner-token';

export async function ownerToken(db: Database, vault: Vault, world: World): Promise<string> {
  const [row] = await db.run<{ value: { sealed: string } }>(
    sql`select value from settings where name = ${settingName}`,
  );
  if (row) return vault.open(place, Buffer.from(row.value.sealed, 'base64')).toString();
  const token = `kop_${Buffer.from(world.nonce(32)).toString('base64url')}`;
  const sealed = vault.seal(place, token).toString('base64');
  await db.transaction(async (query) => {
    await query.run(
      sql`insert into settings (name, value) values (${settingName}, ${{ sealed }}) on conflict do nothing`,
    );
    await query.run(sql`
      insert into operator_tokens (id, name, role, hash, created_at)
      values (${world.newId()}, 'owner of the data folder', 'admin', ${createHash('sha256').update(token).digest()}, ${world.now()})`);
  });
  return token;
}
