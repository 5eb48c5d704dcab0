#!/usr/bin/env node
/** Writes migrations/schema.sql anew from a freshly migrated database: node scripts/schema-dump.mjs */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, root } from './prepare.mjs';

await ensureInstalled();
await ensureBuilt();
const { testDatabase } = await import('../dist/test/database.js');
const { dumpSchema } = await import('../dist/src/store/schema-dump.js');
const { owner, drop } = await testDatabase();
try {
  await writeFile(join(root, 'migrations/schema.sql'), await dumpSchema(owner));
} finally {
  await drop();
}
process.stdout.write('migrations/schema.sql written\n');
