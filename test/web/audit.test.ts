import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { recorded } from '../../src/store/admin.ts';
import { canonical, verifyAudit } from '../../src/store/audit.ts';
import { rawSql } from '../../src/store/database.ts';
import { testDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await testDatabase();
  for (let i = 1; i <= 5; i += 1)
    await recorded(
      database.db,
      { at: i, actor: 'ann', action: 'test', detail: { i, text: 'ü"\\', list: [1, null] } },
      async () => {},
    );
});
afterEach(() => database.drop());

/** As somebody who owns the database. */
async function tamper(text: string): Promise<void> {
  await database.owner.run(rawSql('alter table kanal.audit disable trigger all'));
  await database.owner.run(rawSql(text));
}

test('an untouched chain is intact, also when many write at once', async () => {
  const entry = { at: 9, actor: 'bob', action: 'test', detail: {} };
  await Promise.all(Array.from({ length: 20 }, () => recorded(database.db, entry, async () => {})));
  assert.deepEqual(await verifyAudit(database.db), { intact: true, entries: 25, findings: [] });
});

test('a change that is rolled back leaves no entry', async () => {
  const entry = { at: 9, actor: 'bob', action: 'test', detail: {} };
  await assert.rejects(
    recorded(database.db, entry, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal((await verifyAudit(database.db)).entries, 5);
});

const tamperings: Readonly<Record<string, string>> = {
  'an edited detail': `update kanal.audit set detail = '{"i":7}' where id = 3`,
  'another actor': `update kanal.audit set actor = 'eve' where id = 5`,
  'a deleted entry': 'delete from kanal.audit where id = 2',
  'a deleted first entry': 'delete from kanal.audit where id = 1',
  'a cut end': 'delete from kanal.audit where id > 3',
  'everything gone': 'delete from kanal.audit',
  'two swapped entries': `update kanal.audit set id = case id when 2 then 103 when 3 then 102 end where id in (2, 3);
    update kanal.audit set id = id - 100 where id > 100`,
};
for (const [what, text] of Object.entries(tamperings))
  test(`${what} shows`, async () => {
    await tamper(text);
    const verdict = await verifyAudit(database.db);
    assert.equal(verdict.intact, false);
    assert.ok(verdict.findings.length > 0);
  });

test('the application itself can neither edit nor delete', async () => {
  await assert.rejects(database.db.run(rawSql(`update audit set actor = 'eve'`)));
  await assert.rejects(database.db.run(rawSql('delete from audit')));
});

test('the canonical text does not depend on the order of members', () => {
  assert.equal(canonical({ b: 1, a: { d: [1n, undefined], c: null } }), '{"a":{"c":null,"d":["1",null]},"b":1}');
});
