import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, type Move } from '../../src/core/ledger.ts';
import { rawSql } from '../../src/store/database.ts';
import { book, trialBalance } from '../../src/store/ledger.ts';
import { announceWorker, leaseHomes, releaseHomes } from '../../src/store/work.ts';
import { testDatabase, type TestDatabase } from '../database.ts';

let t: TestDatabase;
before(async () => {
  t = await testDatabase();
});
after(() => t.drop());

let objects = 0n;
function move(from: string, to: string, amount: bigint): Move {
  objects += 1n;
  return {
    home: 3,
    objectKind: 'operator',
    objectId: objects,
    reason: 'test',
    from,
    to,
    amount,
    currency: 'IDR',
    at: 1,
  };
}
const { available, held, funding } = {
  available: accounts.available(7n),
  held: accounts.held(7n),
  funding: accounts.funding,
};

test('a merchant account cannot go below zero, whoever books', async () => {
  await t.db.transaction((q) => book(q, [move(funding, available, 100n)]));
  await assert.rejects(
    t.db.transaction((q) => book(q, [move(available, held, 101n)])),
    /balances_not_overdrawn/,
  );
  await t.db.transaction((q) => book(q, [move(available, held, 100n)]));
  assert.equal((await trialBalance(t.owner)).balanced, true);
});

test('the same posting cannot be made twice', async () => {
  const once = move(funding, available, 5n);
  await t.db.transaction((q) => book(q, [once]));
  await assert.rejects(
    t.db.transaction((q) => book(q, [once])),
    /moves_pkey/,
  );
});

test('moves are insert-only: by role for the gateway, by trigger for everybody', async () => {
  await assert.rejects(t.db.run(rawSql('update moves set amount = 1')), /permission denied/);
  await assert.rejects(t.db.run(rawSql('delete from moves')), /permission denied/);
  await assert.rejects(t.owner.run(rawSql('update kanal.moves set amount = 1')), /insert-only/);
  await assert.rejects(t.owner.run(rawSql('delete from kanal.moves')), /insert-only/);
  await assert.rejects(t.owner.run(rawSql('truncate kanal.moves')), /insert-only/);
});

test('a balance that was tampered with is found and named', async () => {
  await t.owner.run(rawSql(`update kanal.balances set available = available + 1 where account = '${held}'`));
  const result = await trialBalance(t.owner);
  assert.equal(result.balanced, false);
  assert.match(result.findings.join(), new RegExp(held));
  await t.owner.run(rawSql(`update kanal.balances set available = available - 1 where account = '${held}'`));
});

test('crossing moves from many connections neither deadlock nor lose a unit', async () => {
  const many = Array.from({ length: 60 }, (_, i) =>
    i % 2 === 0
      ? [move(funding, accounts.available(8n), 3n), move(funding, accounts.available(9n), 3n)]
      : [move(funding, accounts.available(9n), 3n), move(funding, accounts.available(8n), 3n)],
  );
  await Promise.all(many.map((moves) => t.db.transaction((q) => book(q, moves))));
  const { accounts: rows, balanced } = await trialBalance(t.owner);
  assert.equal(balanced, true);
  assert.equal(rows.find((row) => row.account === accounts.available(8n))?.balance, 180n);
});

test('a home has one owner at a time; a lapsed lease changes hands with a higher fence', async () => {
  const first = await leaseHomes(t.db, 'a', 1_000, 2_000, 256);
  assert.equal(first.length, 256);
  assert.equal((await leaseHomes(t.db, 'b', 1_500, 2_500, 256)).length, 0);
  const taken = await leaseHomes(t.db, 'b', 2_000, 3_000, 256);
  assert.equal(taken.length, 256);
  assert.ok((taken[0]?.fence ?? 0n) > (first[0]?.fence ?? 0n));
  await releaseHomes(t.db, 'b');
  assert.equal((await leaseHomes(t.db, 'c', 2_100, 3_100, 10)).length, 10);
});

test('a newcomer gets its share of the homes from whoever held them all, and gives it back when it is gone', async () => {
  assert.deepEqual(await announceWorker(t.db, 'old', 10_000, 11_000), ['old']);
  assert.equal((await leaseHomes(t.db, 'old', 10_000, 11_000, 256)).length, 256);
  assert.deepEqual((await announceWorker(t.db, 'new', 10_500, 11_500)).sort(), ['new', 'old']);
  assert.equal((await leaseHomes(t.db, 'new', 10_500, 11_500, 128)).length, 0);
  const workers = await announceWorker(t.db, 'old', 10_600, 11_600);
  assert.equal(workers.length, 2);
  assert.equal((await leaseHomes(t.db, 'old', 10_600, 11_600, 128)).length, 128);
  assert.equal((await leaseHomes(t.db, 'new', 11_000, 12_000, 128)).length, 128);
  await releaseHomes(t.db, 'new');
  assert.deepEqual(await announceWorker(t.db, 'old', 11_100, 12_100), ['old']);
});
