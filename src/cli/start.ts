/** `kanal start`: one gateway process until a signal ends it. */
import { type Config, ConfigError, options, readConfig } from '../config.ts';
import { type Gateway, startGateway } from '../main.ts';
import { firstUser } from '../wiring/first-user.ts';
import { sampleCommands } from '../wiring/samples.ts';
import { type Command, CliError, exits, type Input, type OptionSpec, print, warn } from './command.ts';
import { clock } from '../world.ts';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';

/** Every option of the configuration as a flag; the shared `--data` is one of them already. */
const configOptions: Readonly<Record<string, OptionSpec>> = Object.fromEntries(
  options.map(({ flag, variable, about, default: fallback }) => [
    flag,
    { value: placeholder(flag), about: `${about} ${variable}${fallback ? `, default ${fallback}` : ''}` },
  ]),
);

/** 'time-scale' → SCALE */
function placeholder(flag: string): string {
  return (flag.split('-').at(-1) ?? flag).toUpperCase();
}

const startCommand: Command = {
  name: 'start',
  takes: '',
  about: 'Runs a gateway; prints `ready http://HOST:PORT` when it serves',
  options: {
    sandbox: { about: 'Twins, demo merchants, loopback notices: the same as --mode sandbox' },
    ...configOptions,
  },
  run: start,
};

function configOf(input: Input) {
  const given = Object.fromEntries(
    options.map(({ flag }) => [flag, input.all(flag)] as const).filter(([, values]) => values.length > 0),
  );
  try {
    return readConfig(input.flag('sandbox') ? { ...given, mode: 'sandbox' } : given);
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(error.message, exits.usage);
    throw error;
  }
}

async function start(input: Input): Promise<number> {
  const config = configOf(input);
  const stopped = firstSignal();
  let gateway: Gateway;
  try {
    gateway = await startGateway({ config, progress: (step) => warn(`kanal: ${step} …`) });
  } catch (error) {
    throw new CliError(`kanal did not start: ${whyNot(error, config)}`);
  }
  if (config.mode === 'sandbox' && gateway.url !== '') print(welcome(gateway, config.data));
  const { user, setupCode } = await firstUser(gateway.gate.db, gateway.vault);
  if (setupCode !== null && gateway.url !== '')
    print(`Console: ${gateway.url}/console   user: ${user}   one-time setup code: ${setupCode}`);
  if (gateway.gate.directory().quarantine)
    print('In quarantine after a restore: payouts and refunds wait. kanal quarantine show says more.');
  print(`ready ${gateway.url || config.role}`);
  await stopped;
  warn('kanal: draining …');
  // What does not end by itself is cut: a stop takes at most half a minute.
  setTimeout(() => process.exit(exits.failed), longestStopMs).unref();
  await gateway.stop();
  return exits.done;
}

function whyNot(error: unknown, { host, port }: Config): string {
  const code = String((error as { code?: unknown }).code);
  if (code === 'EADDRINUSE') return `port ${port} of ${host} is taken; choose another with --port or KANAL_PORT`;
  if (code === 'EACCES')
    return `port ${port} of ${host} is not ours to open; choose one above 1023 with --port or KANAL_PORT`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is no address of this machine; choose another with --host or KANAL_HOST`;
  return error instanceof Error ? error.message : String(error);
}

const longestStopMs = 28_000;

/** Resolves at the first signal; further ones change nothing: a drain is not begun twice. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

function welcome(gateway: Gateway, data: string): string {
  const merchant = gateway.sandbox?.facts.merchants[0];
  const world = { now: clock.now, nonce: (bytes: number) => new Uint8Array(randomBytes(bytes)) };
  const samples = merchant ? sampleCommands(world, gateway.url, merchant) : [];
  const twins = [...(gateway.sandbox?.twins ?? [])].map(([name, twin]) => `  ${name.padEnd(8)} ${twin.controlUrl}`);
  return [
    '',
    `Sandbox in ${data}. Demo merchants and keys: bin/kanal sandbox${dataOption(data)}`,
    `Operator API: ${gateway.url}/admin/v1   token: ${gateway.token}`,
    'Twins (open one to be the payer; docs/twins.md plans faults):',
    ...twins,
    ...samples.flatMap(({ protocol, about, command }) => ['', `${protocol}: ${about}`, `  ${command}`]),
    '',
    '',
  ].join('\n');
}

/** As it has to be typed in this folder. */
function dataOption(data: string): string {
  if (data === resolve('data')) return '';
  return /^[\w./-]+$/.test(data) ? ` --data ${data}` : ` --data '${data.replaceAll("'", `'\\''`)}'`;
}

/** Loaded by name when it is asked for. */
export default startCommand;
