/** Would a race be noticed? Bugs are planted into the statements of the three gateways, and must be found. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Sql } from '../../src/store/database.ts';
import { allRaces } from './all.ts';
import { runRace } from './race.ts';
import { sampleEffort } from './sample.ts';
import { openStage } from './stage.ts';

interface Tooth {
  readonly bug: string;
  /** The statement as the bug has it. */
  readonly from: RegExp;
  readonly to: string;
  /** Beginnings of the titles of races that find it. */
  readonly foundBy: readonly string[];
}

const teeth: readonly Tooth[] = [
  {
    bug: 'orders are read without locking them',
    from: /order by home, id for no key update/,
    to: 'order by home, id',
    foundBy: ['callback ∥ the same', 'a hold released', 'let go ∥ let go', 'two workers send the refund'],
  },
  {
    bug: 'a route’s cap is added to without a look at its limit',
    from: /where d\.used \+ excluded\.used <= (\$\d+)/,
    to: 'where $1::bigint is not null',
    foundBy: ['two creates through a route'],
  },
  {
    bug: 'a due notice is leased without a second look',
    from: /where d\.home = c\.home and d\.id = c\.id and d\.due_at <= (\$\d+)/,
    to: 'where d.home = c.home and d.id = c.id and $1::bigint is not null',
    foundBy: ['two workers deliver'],
  },
  {
    bug: 'homes are leased without a second look',
    from: /where l\.owner = excluded\.owner or l\.until <= (\$\d+)/,
    to: 'where $1::bigint is not null',
    foundBy: ['two workers lease'],
  },
  {
    bug: 'work is claimed without locking it',
    from: /limit (\$\d+) for update skip locked/,
    to: 'limit $1',
    foundBy: ['two workers claim'],
  },
  {
    bug: 'an approval is decided whatever it is',
    from: /and state = 'open' returning action/,
    to: 'returning action',
    foundBy: ['approve ∥ approve'],
  },
];

function planted({ from, to }: Tooth): (statement: Sql) => Sql {
  return (statement) =>
    // Without its name: the server keeps the plan of the true one under it.
    from.test(statement.text) ? { text: statement.text.replace(from, to), values: statement.values } : statement;
}

describe('a planted bug is found', () => {
  for (const tooth of teeth)
    for (const beginning of tooth.foundBy)
      test(`${tooth.bug}: ${beginning} …`, async () => {
        const race = allRaces.find(({ title }) => title.startsWith(beginning));
        assert.ok(race);
        // Of its own: the bug may leave books behind that no longer balance.
        const stage = await openStage();
        try {
          stage.changed = planted(tooth);
          await assert.rejects(runRace(stage, race, sampleEffort), /does not hold/);
        } finally {
          // The watch over states may find the bug as well.
          await stage.close().catch(() => undefined);
        }
      });
});
