/** `kanal doctor`: is everything as it should be, and if not, what to do. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../flows/examine.ts';
import { livePid } from '../store/pidfile.ts';
import { CliError, type Command, exits, type Input, print, printJson } from './command.ts';
import { readRunning, type Row, rows } from './gateway.ts';
import { checkPage } from './page-check.ts';
import { shown } from './table.ts';

const doctorCommand: Command = {
  name: 'doctor',
  takes: '',
  about:
    'Checks data folder, gateway, payment page, database, clock, keys, routes and channels; exit 1 when something is wrong',
  options: {
    page: { value: 'URL', about: 'Check the payment page there, where payers see it, instead of on this machine' },
  },
  run,
};

async function run(input: Input): Promise<number> {
  const checks: readonly Row[] = [...(await folder(input.data)), ...(await gateway(input))].map((check) => ({
    ...check,
  }));
  if (input.json) printJson(checks);
  else print(checks.map(line).join('\n'));
  return checks.every(({ ok }) => ok === true) ? exits.done : exits.failed;
}

function line(check: Row): string {
  const todo = check['ok'] === true ? '' : `\n    → ${shown(check['todo'])}`;
  return `${check['ok'] === true ? '✔' : '✖'} ${shown(check['check'])}: ${shown(check['found'])}${todo}`;
}

function verdict(check: string, ok: boolean, found: string, todo: string): Finding {
  return { check, ok, found, todo: ok ? '' : todo };
}

/** Group and others may not read what opens every secret. */
const private600 = 0o077;

async function folder(data: string): Promise<Finding[]> {
  const checks: Finding[] = [];
  for (const name of ['master.key', 'gateway.json']) {
    if (!existsSync(join(data, name))) continue;
    const found = await stat(join(data, name));
    const mode = (found.mode & 0o777).toString(8);
    checks.push(
      verdict(`${name} is private`, (found.mode & private600) === 0, `mode ${mode}`, `chmod 600 ${join(data, name)}`),
    );
  }
  const pid = await livePid(join(data, 'kanal.pid'));
  checks.push(
    verdict(
      'process',
      pid !== null,
      pid === null ? `none runs with ${data}` : `pid ${pid}`,
      `kanal start --data ${data}`,
    ),
  );
  return checks;
}

async function gateway(input: Input): Promise<readonly (Finding | Row)[]> {
  try {
    const { url } = await readRunning(input.data);
    const response = await fetch(`${url}/health/ready`);
    const ready = verdict(
      'ready',
      response.ok,
      `HTTP ${response.status} at ${url}/health/ready`,
      'Look at the log: database, migrations or stuck notices.',
    );
    const page = await checkPage((input.text('page') ?? url).replace(/\/$/, ''));
    return [ready, clockCheck(response), page, ...(await rows(input, '/doctor'))];
  } catch (error) {
    if (error instanceof CliError)
      return [verdict('gateway', false, error.message.split('\n')[0] ?? '', 'kanal start')];
    return [verdict('gateway', false, 'it does not answer', `kanal start --data ${input.data}`)];
  }
}

const clockToleranceMs = 5_000;

function clockCheck(response: Response): Finding {
  const theirs = Date.parse(response.headers.get('date') ?? '');
  const off = Number.isNaN(theirs) ? 0 : Math.abs(Date.now() - theirs);
  return verdict(
    'clock of the gateway',
    off <= clockToleranceMs,
    `${Math.round(off / 1000)} s from this machine's`,
    'Run an NTP client.',
  );
}

/** Loaded by name when it is asked for. */
export default doctorCommand;
