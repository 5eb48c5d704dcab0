/** Sandbox and production never share a database (T037). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { rawSql } from '../../src/store/database.ts';
import { keepModesApart } from '../../src/wiring/mode.ts';
import { type TestDatabase, testDatabase } from '../database.ts';
import { type TestGate, testGate } from '../gate.ts';

describe('a mode for good', () => {
  let empty: TestDatabase;
  let sandbox: TestGate;
  before(async () => {
    empty = await testDatabase();
    sandbox = await testGate();
  });
  after(async () => {
    await empty.drop();
    await sandbox.close();
  });

  test('an empty database may become either', async () => {
    await keepModesApart(empty.db, 'production');
    await keepModesApart(empty.db, 'sandbox');
  });

  test("a sandbox's database starts again as a sandbox and never in production", async () => {
    await keepModesApart(sandbox.database.db, 'sandbox');
    await assert.rejects(keepModesApart(sandbox.database.db, 'production'), /belongs to a sandbox.*--data/);
  });

  test('a database with merchants of its own never becomes a sandbox', async () => {
    await empty.owner.run(
      rawSql(`insert into merchants (id, name, home, webhook_secret, created_at) values (1, 'A', 7, 'x', 0)`),
    );
    await keepModesApart(empty.db, 'production');
    await assert.rejects(keepModesApart(empty.db, 'sandbox'), /merchants of its own.*--data/);
  });
});
