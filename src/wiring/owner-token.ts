/** The bearer token of whoever owns the data folder: made once, kept sealed, written to `<data>/gateway.json` at each start. */
import type { World } from '../core/world.ts';
import type { Vault } from '../edge/vault.ts';
import { type Database, sql } from '../store/database.ts';
import { insertToken, markOwner } from '../store/tokens.ts';

const settingName = 'owner-token';
const place = 'settings/owner-token';

export async function ownerToken(db: Database, vault: Vault, world: World): Promise<string> {
  const [row] = await db.run<{ value: { sealed: string } }>(
    sql`select value from settings where name = ${settingName}`,
  );
  if (row) {
    const known = vault.open(place, Buffer.from(row.value.sealed, 'base64')).toString();
    // One that was made before owners were told apart.
    await markOwner(db, known);
    return known;
  }
  const token = `kop_${Buffer.from(world.nonce(32)).toString('base64url')}`;
  const sealed = vault.seal(place, token).toString('base64');
  await db.transaction(async (query) => {
    await query.run(
      sql`insert into settings (name, value) values (${settingName}, ${{ sealed }}) on conflict do nothing`,
    );
    const name = 'owner of the data folder';
    const made = { id: world.newId(), createdAt: BigInt(world.now()), merchantId: null };
    await insertToken(query, { ...made, name, role: 'admin', isOwner: true }, token);
  });
  return token;
}
