/** Where the sandbox's twins are: written by the process that has them, so that every process on the database can say it. */
import { type Database, sql } from '../store/database.ts';

export type TwinAddresses = ReadonlyMap<string, { readonly baseUrl: string; readonly controlUrl: string }>;

const settingName = 'sandbox-twins';

export async function keepTwins(db: Database, twins: TwinAddresses): Promise<void> {
  const addresses = Object.fromEntries(
    [...twins].map(([name, { baseUrl, controlUrl }]) => [name, { baseUrl, controlUrl }]),
  );
  await db.run(sql`
    insert into settings (name, value) values (${settingName}, ${addresses})
    on conflict (name) do update set value = excluded.value`);
}

/** Those of the last start; nobody knows whether they live. */
export async function keptTwins(db: Database): Promise<TwinAddresses> {
  const [row] = await db.run<{ value: Record<string, { baseUrl: string; controlUrl: string }> }>(
    sql`select value from settings where name = ${settingName}`,
  );
  return new Map(Object.entries(row?.value ?? {}));
}
