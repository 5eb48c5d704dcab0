/** Who takes part: 256 merchants, one per home, and one channel; the same texts on both sides of every comparison. */
import { createHash } from 'node:crypto';
import type { World } from '../src/core/world.ts';
import { secretPlace } from '../src/edge/keyring.ts';
import type { Vault } from '../src/edge/vault.ts';
import { type Database, sql } from '../src/store/database.ts';
import { touchDirectory } from '../src/store/directory.ts';

export const merchants = 256;
export const firstMerchant = 1_000_000;
export const firstCredential = 2_000_000;
export const channelId = 3_000_000n;
export const channelSender = '3006075';
export const channelKey = 'bench-channel-key-000000000000000000';

/** Merchant `i` lives in home `i`. */
export function senderOf(i: number): string {
  return `${firstMerchant + i}`;
}

export function keyOf(i: number): string {
  return `bench-merchant-key-${String(i).padStart(20, '0')}`;
}

/** `Sign = MD5(body + apiKey)`, upper case. */
export function signed(body: string, key: string): string {
  return createHash('md5').update(body).update(key).digest('hex').toUpperCase();
}

export async function seedParties(db: Database, world: World, vault: Vault): Promise<void> {
  const sealed = (kind: 'credential' | 'channel', id: bigint, value: string) => ({
    apiKey: [
      { sealed: vault.seal(secretPlace(kind, id, 'apiKey'), value).toString('base64'), addedAt: 0, until: null },
    ],
  });
  await db.transaction(async (query) => {
    for (let i = 0; i < merchants; i++) {
      const merchant = BigInt(firstMerchant + i);
      const credential = BigInt(firstCredential + i);
      const secret = vault.seal(`merchant/${merchant}/webhook`, `whsec_${Buffer.alloc(32, i).toString('base64')}`);
      await query.run(sql`insert into merchants (id, name, home, payouts, webhook_secret, created_at)
        values (${merchant}, ${`Bench ${i}`}, ${i}, true, ${secret}, 0)`);
      await query.run(sql`insert into credentials (id, merchant_id, protocol, sender, secrets, created_at)
        values (${credential}, ${merchant}, 'payin', ${senderOf(i)}, ${sealed('credential', credential, keyOf(i))}, 0)`);
    }
    await query.run(sql`insert into channels (id, name, protocol, base_url, sender, secrets, created_at)
      values (${channelId}, 'bench', 'payin', 'http://127.0.0.1:9', ${channelSender}, ${sealed('channel', channelId, channelKey)}, 0)`);
    await query.run(sql`insert into routes (id, merchant_id, protocol, method, channel_id, created_at)
      values (${world.newId()}, null, 'payin', 'any', ${channelId}, 0)`);
    await query.run(sql`insert into fees (id, merchant_id, method, currency, fixed_minor, percent_ppm, created_at)
      values (${world.newId()}, null, 'any', 'IDR', 2500, 0, 0)`);
    await touchDirectory(query);
  });
}

export async function pointChannel(db: Database, baseUrl: string): Promise<void> {
  await db.transaction(async (query) => {
    await query.run(sql`update channels set base_url = ${baseUrl} where id = ${channelId}`);
    await touchDirectory(query);
  });
}
