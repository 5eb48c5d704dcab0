/** `npm run chaos -- --rounds 50`: many rounds of kill -9 and worse. Prints each, and how long restarts took; exit 1 when something was lost. */
import { parseArgs } from 'node:util';
import { blows, percentile, Storm } from './storm.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '12' },
    traffic: { type: 'string', default: '1500' },
    only: { type: 'string' },
  },
});
const storm = await Storm.begin();
const restarts: number[] = [];
let lost = 0;
for (let i = 0; i < Number(values.rounds); i++) {
  const blow = blows.find((one) => one === values.only) ?? blows[i % blows.length] ?? 'gateway';
  const { grievances, readyMs, tally } = await storm.round(blow, Number(values.traffic) * (0.5 + Math.random()));
  if (readyMs !== null) restarts.push(readyMs);
  lost += grievances.length;
  const ready = readyMs === null ? 'went on by itself' : `ready again in ${Math.round(readyMs)} ms`;
  process.stdout.write(
    `${i + 1}. ${blow}: ${tally.acknowledged} acknowledged, ${tally.unanswered} unanswered, ${tally.paid} paid; ${ready}\n`,
  );
  for (const one of grievances) process.stdout.write(`   LOST ${one}\n`);
}
// A notice that was under way in a killed process is tried again when its lease of a minute is over.
const settled = await storm.settle(80_000);
for (const one of settled.grievances) process.stdout.write(`   LOST ${one}\n`);
lost += settled.grievances.length;
process.stdout.write(`${settled.owed} payouts that nobody can know of wait for a person\n`);
await storm.end();
process.stdout.write(
  `restart to ready: p50 ${Math.round(percentile(restarts, 0.5))} ms, p99 ${Math.round(percentile(restarts, 0.99))} ms\n`,
);
process.stdout.write(lost === 0 ? 'nothing was lost\n' : `${lost} things were lost\n`);
process.exitCode = lost === 0 ? 0 : 1;
