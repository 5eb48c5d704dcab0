/**
 * `npm run chaos -- --rounds 50`: many rounds of kill -9 and worse on two gateways. Prints each round, how often each kind of blow
 * fell and how long restarts took; exit 1 when something was lost, doubled or too slow, or a kind never happened.
 */
import { parseArgs } from 'node:util';
import { blows, zombieMs } from './blows.ts';
import { percentile, Storm } from './storm.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '18' },
    traffic: { type: 'string', default: '1500' },
    only: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
/** Restart to `ready`, as promised. */
const readyWithinMs = 10_000;
/** In so many rounds every kind has its turn. */
const allKindsFrom = 20;
/** The second zombie of a run sleeps longer than the lease of a piece of work, too. */
const longZombieMs = 65_000;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const storm = await Storm.begin();
const restarts: number[] = [];
const outages: number[] = [];
const sums = { acknowledged: 0, unanswered: 0, busy: 0, repeated: 0, paid: 0, refunds: 0 };
const wrong: string[] = [];
try {
  for (let i = 0; i < rounds; i++) {
    const blow = blows.find((one) => one === values.only) ?? blows[i % blows.length] ?? 'gateway';
    const isLong = blow === 'zombie' && storm.counts.get('zombie') === 1;
    const traffic = Number(values.traffic) * (0.5 + Math.random());
    const round = await storm.round(blow, traffic, isLong ? longZombieMs : zombieMs);
    restarts.push(...round.restartsMs);
    outages.push(round.outageMs);
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += round.tally[name];
    wrong.push(...round.grievances);
    const { acknowledged, unanswered, busy, repeated } = round.tally;
    const ready = round.restartsMs.map((ms) => `${Math.round(ms)} ms`).join(' and ');
    print(
      `${i + 1}. ${blow}: ${acknowledged} acknowledged, ${unanswered} unanswered, ${busy} told busy, ${repeated} asked again elsewhere; ` +
        `${ready === '' ? 'nobody was restarted' : `ready again in ${ready}`}`,
    );
    for (const one of round.grievances) print(`   WRONG ${one}`);
  }
  // A notice that was under way in a killed process is tried again when its lease of a minute is over.
  const settled = await storm.settle(90_000);
  for (const one of settled.grievances) print(`   WRONG ${one}`);
  wrong.push(...settled.grievances);
  print(JSON.stringify({ ...sums, notices: settled.notices, owed: settled.owed, unsent: await storm.unsent() }));
  print(`${settled.owed} orders that nobody can know of wait for a person`);
} finally {
  await storm.end(wrong.length > 0);
}

const never = blows.filter((blow) => !storm.counts.has(blow));
print(`blows: ${[...storm.counts].map(([blow, count]) => `${blow} ${count}`).join(', ')}`);
const p99 = percentile(restarts, 0.99);
const ms = (list: readonly number[], share: number) => `${Math.round(percentile(list, share))} ms`;
print(`restart to ready: p50 ${ms(restarts, 0.5)}, p99 ${ms(restarts, 0.99)}, of ${restarts.length}`);
if (rounds >= allKindsFrom && values.only === undefined)
  wrong.push(...never.map((blow) => `${blow} did not happen in ${rounds} rounds`));
if (p99 > readyWithinMs) wrong.push(`p99 of restarts is above ${readyWithinMs} ms`);
print(
  wrong.length === 0
    ? 'nothing was lost, nothing was carried out twice'
    : `${wrong.length} things are wrong; data in ${storm.folder}`,
);
for (const one of wrong.slice(0, 20)) print(`WRONG ${one}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
