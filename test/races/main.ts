/**
 * npm run races -- [--changes N] [--samples M] [--seed S] [WORD…]
 *
 * The races whose title contains a word (all, when there is none): every course of the short ones; of the longer ones those with N more
 * changes of party than the sample of the test run has; and M further ones by chance, statement by statement. Ends with 1, and the
 * course, when something does not hold.
 */
import { inspect, parseArgs } from 'node:util';
import { allRaces } from './all.ts';
import { runRace } from './race.ts';
import { openStage } from './stage.ts';

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    changes: { type: 'string', default: '1' },
    samples: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
});

const stage = await openStage();
let all = 0;
try {
  for (const race of allRaces) {
    if (words.length > 0 && !words.some((word) => race.title.includes(word))) continue;
    const ran = await runRace(stage, race, {
      moreChanges: Number(options.changes),
      samples: Number(options.samples),
      seed: Number(options.seed),
    });
    all += ran.courses + ran.samples;
    const tried = `${ran.courses} courses, ${ran.samples} by chance`;
    process.stdout.write(
      `holds: ${race.title}: ${tried}; locks waited for in ${ran.waited}; ${ran.again} begun again\n`,
    );
  }
  process.stdout.write(`${all} courses hold\n`);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? `${error.message}\n${inspect(error.cause)}` : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await stage.close();
}
