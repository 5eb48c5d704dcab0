/** `kanal`: finds the command, reads its arguments, runs it. Errors go to stderr, the exit code says how it went. */
import { Refusal } from '../core/refusal.ts';
import { administerCommands } from './administer.ts';
import { type Command, CliError, exits, findCommand, helpOf, print, readInput, warn } from './command.ts';
import { lookCommands } from './look.ts';
import { quarantineCommands } from './quarantine.ts';
import { reconcileCommands } from './reconcile.ts';
import { userCommands } from './users.ts';

/** Commands that bring a lot with them are loaded when they are asked for. */
function late(name: string, takes: string, about: string, load: () => Promise<Command>): Lazy {
  return { name, takes, about, load };
}
interface Lazy extends Pick<Command, 'name' | 'takes' | 'about'> {
  readonly load: () => Promise<Command>;
}

const lazy: readonly Lazy[] = [
  late('start', '[--sandbox]', 'Runs a gateway', async () => (await import('./start.ts')).default),
  late('demo', '', 'Plays one story through every protocol', async () => (await import('./demo.ts')).default),
  late(
    'explain',
    '',
    'What was signed, what should have been, which mistake fits',
    async () => (await import('./explain.ts')).default,
  ),
  late('call', 'P OPERATION', 'Acts as a merchant of protocol P', async () => (await import('./call.ts')).default),
  late('twin', 'P', 'Runs one twin alone', async () => (await import('./twin.ts')).default),
  late('doctor', '', 'Checks database, keys, clock, channels', async () => (await import('./doctor.ts')).default),
  late(
    'backup',
    'FILE',
    'Writes everything the gateway knows into one file',
    async () => (await import('./backup.ts')).default,
  ),
  late(
    'restore',
    'FILE',
    'Puts a backup into the database of a stopped gateway',
    async () => (await import('./restore.ts')).default,
  ),
  late('docs', '', 'Writes docs/generated from the code', async () => (await import('./docs.ts')).default),
];

const eager: readonly Command[] = [
  ...administerCommands,
  ...userCommands,
  ...lookCommands,
  ...quarantineCommands,
  ...reconcileCommands,
];

/** All commands, or those that begin with a word ("merchant"); null when there is none. */
function overview(word?: string): string | null {
  const all = [...lazy, ...eager].filter(({ name }) => word === undefined || name.startsWith(`${word} `));
  if (all.length === 0) return null;
  const head = word === undefined ? ['Kanal, a self-hosted payment gateway.', ''] : [];
  const left = all.map(({ name, takes }) => `  kanal ${name} ${takes}`.trimEnd());
  const width = Math.max(...left.map((text) => text.length)) + 2;
  const lines = all.map(({ about }, index) => `${(left[index] ?? '').padEnd(width)}${about}`);
  return [...head, ...lines, '', 'kanal COMMAND --help says more.'].join('\n');
}

async function commandFor(args: readonly string[]) {
  const first = lazy.find(({ name }) => name === args[0]);
  if (first) return { command: await first.load(), rest: args.slice(1) };
  return findCommand(eager, args);
}

async function run(args: readonly string[]): Promise<number> {
  const isHelp = args.length === 0 || ['help', '--help', '-h'].includes(args[0] ?? '');
  if (isHelp) {
    print(overview() ?? '');
    return args.length === 0 ? exits.usage : exits.done;
  }
  const found = await commandFor(args);
  if (!found) return unknown(args);
  const input = readInput(found.command, found.rest);
  if (input.flag('help')) {
    print(helpOf(found.command, input));
    return exits.done;
  }
  return found.command.run(input);
}

/** `kanal merchant` shows what there is; anything else that is no command is a mistake. */
function unknown([first = '', second]: readonly string[]): number {
  if (first.startsWith('-'))
    throw new CliError(`options stand behind the command: kanal COMMAND ${first} …`, exits.usage);
  const group = overview(first);
  if (group === null) throw new CliError(`${first}: no such command; kanal --help lists them`, exits.usage);
  const isAsked = second === '--help' || second === '-h' || second === 'help';
  if (second !== undefined && !isAsked)
    throw new CliError(`${first} ${second}: no such command\n\n${group}`, exits.usage);
  print(group);
  return isAsked ? exits.done : exits.usage;
}

// `| head` closes our output early; that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exits.done);
  throw error;
});

/** Whatever goes wrong: one clear message; a stack only for what nobody expected. */
async function main(): Promise<void> {
  let code: number;
  try {
    code = await run(process.argv.slice(2));
  } catch (error) {
    code = error instanceof CliError ? error.exitCode : exits.failed;
    warn(wordsFor(error));
  }
  process.exitCode = code;
  // What a command left open (keep-alive sockets) must not keep the process.
  process.stdout.write('', () => process.exit(code));
}

/** A Refusal is an answer to whoever asked, here as everywhere. */
function wordsFor(error: unknown): string {
  if (error instanceof CliError || error instanceof Refusal) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

await main();
