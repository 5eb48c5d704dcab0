/** `kanal twin P`: one simulated upstream alone, to be played with from anybody's gateway. It forgets everything when it ends. */
import { memoryTwinStore } from '../twin/store.ts';
import { startTwin } from '../twin/server.ts';
import { channelProtocols } from '../protocols/all.ts';
import { type Command, exits, type Input, print, printJson, usage, warn } from './command.ts';
import { holderHelp } from './protocol-help.ts';
import { commandWorld, platformSide, protocolGiven, readObject } from './parties.ts';

const twinCommand: Command = {
  name: 'twin',
  takes: 'P',
  about: 'Runs one twin until a signal ends it; its control API is on another port of this machine',
  options: {
    port: { value: 'N', about: 'Where it speaks the protocol; default a free port' },
    'control-port': { value: 'N', about: 'Where /_twin/… is; default a free port' },
    host: { value: 'H', about: 'Default 127.0.0.1' },
    'callback-url': { value: 'U', about: 'Where callbacks go that no order names an address for' },
    keys: {
      value: 'FILE',
      about: "The caller's keys: the protocol's part of the sandbox document, plus platformPrivateKeyPem",
    },
  },
  more: (input) => holderHelp(input.words[0], 'channel', 'kanal twin P --help'),
  run,
};

function portOf(input: Input, name: string): number {
  const text = input.text(name) ?? '0';
  if (!/^\d{1,5}$/.test(text)) throw usage(`--${name} takes a port`);
  return Number(text);
}

async function run(input: Input): Promise<number> {
  const protocol = protocolGiven(input.word(0, 'P'));
  if (!channelProtocols.includes(protocol))
    throw usage(`one of ${channelProtocols.map(({ name }) => name).join(', ')}`);
  const { keys, made } = platformSide(protocol, await readObject(input.needed('keys')));
  const world = commandWorld('warn');
  const twin = await startTwin({
    mode: 'sandbox',
    protocol,
    keys,
    store: memoryTwinStore(),
    world,
    callbackUrl: () => input.text('callback-url') ?? '',
    host: input.text('host') ?? '127.0.0.1',
    port: portOf(input, 'port'),
    controlPort: portOf(input, 'control-port'),
  });
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
  });
  if (input.json) printJson({ baseUrl: twin.baseUrl, controlUrl: twin.controlUrl, platformPublicKeys: made });
  else {
    for (const pem of made) warn(`The platform's public key of this run:\n${pem}`);
    print(`ready ${twin.baseUrl} control ${twin.controlUrl}/_twin/`);
  }
  await signalled;
  await twin.stop();
  await world.close();
  return exits.done;
}

/** Loaded by name when it is asked for. */
export default twinCommand;
