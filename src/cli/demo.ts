/** `kanal demo`: one story through every protocol, told in plain words. Exit 0 only if all went as told. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../config.ts';
import { type Gateway, startGateway } from '../main.ts';
import { merchantProtocols } from '../protocols/all.ts';
import { type Command, CliError, exits, Input, print, printJson } from './command.ts';
import { play, type Step, type Story, storiesOf } from './demo-story.ts';
import { call, readRunning } from './gateway.ts';
import { commandWorld, type SandboxDocument, sandboxOf } from './parties.ts';
import { Mailbox } from './mailbox.ts';

const demoCommand: Command = {
  name: 'demo',
  takes: '',
  about: 'Plays one story through every protocol; starts a gateway of its own when none runs',
  options: { protocol: { value: 'P', about: 'Only this one' } },
  run,
};

async function run(input: Input): Promise<number> {
  const own = (await isRunning(input.data)) ? null : await startOwn(input);
  const at = own ? new Input([], { data: own.data, json: input.json }) : input;
  try {
    return await tell(at, input.text('protocol'));
  } finally {
    await own?.stop();
  }
}

async function isRunning(data: string): Promise<boolean> {
  try {
    const { url } = await readRunning(data);
    return (await fetch(`${url}/health/live`)).ok;
  } catch {
    return false;
  }
}

async function startOwn(input: Input): Promise<{ data: string; stop: () => Promise<void> }> {
  const say = teller(input.json);
  say('No gateway runs here: starting one of its own, with a database that goes away again …');
  const data = await mkdtemp(join(tmpdir(), 'kanal-demo-'));
  const config = readConfig({ mode: 'sandbox', port: '0', data, 'log-level': 'error' });
  let gateway: Gateway;
  try {
    gateway = await startGateway({ config, progress: (step) => say(`  ${step} …`) });
  } catch (error) {
    await rm(data, { recursive: true, force: true });
    throw error;
  }
  return {
    data,
    async stop() {
      await gateway.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** With --json nothing but the document may be on stdout. */
function teller(isJson: boolean): (text: string) => void {
  return isJson ? () => undefined : print;
}

async function tell(input: Input, only: string | undefined): Promise<number> {
  const document = await sandboxOf(input);
  const say = teller(input.json);
  const world = commandWorld();
  const mailbox = await Mailbox.open();
  const told: { story: string; ok: boolean; steps: readonly Step[] }[] = [];
  try {
    for (const story of chosen(only, document)) {
      say(`\n${story.title}`);
      const steps: Step[] = [];
      const ok = await play(story, { input, document, world, mailbox }, (step) => {
        steps.push(step);
        say(`  ${step.ok ? '✔' : '✖'} ${step.text}  (${step.tookMs} ms)`);
      });
      told.push({ story: story.title, ok, steps });
    }
  } finally {
    await mailbox.close();
    await world.close();
  }
  const books = await call(input, 'GET', '/ledger/check');
  const isBalanced = books['balanced'] === true;
  say(`\n${isBalanced ? '✔' : '✖'} The books: every debit has its credit, every balance its moves.`);
  const ok = isBalanced && told.length > 0 && told.every((one) => one.ok);
  if (input.json) printJson({ ok, balanced: isBalanced, stories: told });
  else say(ok ? 'All went as told.' : 'Something went otherwise: see ✖ above.');
  return ok ? exits.done : exits.failed;
}

/** Only what the demo merchants speak can be told. */
function chosen(only: string | undefined, { merchants }: SandboxDocument): readonly Story[] {
  const spoken = Object.keys(merchants[0]?.protocols ?? {});
  const wanted = storiesOf(merchantProtocols).filter(
    ({ protocol }) => spoken.includes(protocol) && (only === undefined || protocol === only),
  );
  if (wanted.length === 0)
    throw new CliError(`no story for ${only ?? 'any protocol'}; there are some for ${spoken.join(', ')}`);
  return wanted;
}

/** Loaded by name when it is asked for. */
export default demoCommand;
