/** How long a person waits: from the command to the `ready` line, with an empty data folder and with one that was used before. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { median, root } from './place.ts';
import type { Row } from './report.ts';

const program = join(root, 'dist/src/cli/main.js');

export async function measureStart(times: number): Promise<Row[]> {
  const rows = [
    { title: 'empty data folder → ready (sandbox)', goal: 2 },
    { title: 'warm data folder → ready (sandbox)', goal: 1 },
  ];
  if (!existsSync(program))
    return rows.map(({ title, goal }) => ({
      title,
      value: 'no kanal start yet',
      goal: `≤ ${goal} s`,
      verdict: 'skipped',
    }));
  const empty: number[] = [];
  const warm: number[] = [];
  const folder = join(root, '.tmp', 'bench-start');
  for (let i = 0; i < times; i++) {
    await rm(folder, { recursive: true, force: true });
    empty.push(await secondsToReady(folder));
    warm.push(await secondsToReady(folder));
    console.log(`  start ${i + 1}: empty ${empty.at(-1)?.toFixed(2)} s, warm ${warm.at(-1)?.toFixed(2)} s`);
  }
  await rm(folder, { recursive: true, force: true });
  return [empty, warm].map((seconds, index) => {
    const { title = '', goal = 0 } = rows[index] ?? {};
    const middle = median(seconds);
    const value = `${middle.toFixed(2)} s (${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)})`;
    return { title, value, goal: `≤ ${goal} s`, verdict: middle <= goal ? 'met' : 'missed' };
  });
}

async function secondsToReady(folder: string): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [program, 'start', '--sandbox', '--data', folder, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const seconds = await new Promise<number>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (/^ready http/m.test(said)) resolve((performance.now() - began) / 1000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void ended.then(() => reject(new Error(`kanal start ended: ${said.slice(-2_000)}`)));
  });
  child.kill('SIGTERM');
  await ended;
  return seconds;
}
