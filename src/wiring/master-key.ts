/** The master key outside the database: given by the operator as hex or Base64, or made at the first start. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { Vault } from '../edge/vault.ts';
import { type Query, sql } from '../store/database.ts';

/** Where it lies. */
export function masterKeyPath({ masterKeyFile, data }: Pick<Config, 'masterKeyFile' | 'data'>): string {
  return masterKeyFile ?? join(data, 'master.key');
}

/** 32 bytes. Throws when there is no file, or it holds something else. */
export async function readMasterKey(path: string): Promise<Uint8Array> {
  const text = (await readFile(path, 'utf8')).trim();
  const key = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (key.length !== 32) throw new Error(`${path}: not 32 bytes of hex or Base64`);
  return key;
}

/** Is it the key that the secrets in this database were sealed with? One is enough: all are sealed by the same. */
export async function opensSecrets(query: Query, key: Uint8Array): Promise<boolean> {
  const [merchant] = await query.run<{ id: bigint; sealed: Buffer }>(
    sql`select id, webhook_secret as sealed from merchants limit 1`,
  );
  if (!merchant) return true;
  try {
    new Vault(key, () => new Uint8Array(0)).open(`merchant/${merchant.id}/webhook`, merchant.sealed);
    return true;
  } catch {
    return false;
  }
}
