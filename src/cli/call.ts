/** `kanal call`: acts as a merchant of a protocol against any base URL, signing as that protocol demands. */
import { randomBytes } from 'node:crypto';
import type { CommandName } from '../core/commands.ts';
import { Refusal } from '../core/refusal.ts';
import type { Sent, World } from '../core/world.ts';
import { outbound } from '../edge/call.ts';
import { sceneOf } from '../edge/serve.ts';
import { type Fields, type Json, JsonError, Num, obj, parseObject } from '../protocols/json.ts';
import type { AnyEndpoint, EndpointOf, Keys, Protocol, RequestWire, Scene } from '../protocols/protocol.ts';
import { askFor, sampleAsk } from './asks.ts';
import { CliError, type Command, exits, type Input, pairs, print, usage, warn } from './command.ts';
import { basePath } from '../wiring/samples.ts';
import { fileBytes } from './given-keys.ts';
import { commandWorld, merchantSide, protocolGiven, readObject, sandboxOf } from './parties.ts';

const callCommand: Command = {
  name: 'call',
  takes: 'P OPERATION',
  about: 'Acts as a merchant of protocol P: a plain request with the members of --json put over it, signed and sent',
  options: {
    json: {
      value: 'FILE|TEXT',
      about: "Wire members that replace the plain request's, as a file, - (stdin) or JSON; null takes one away",
    },
    set: { value: 'NAME=VALUE', many: true, about: 'One member, as text; NAME:=VALUE as JSON' },
    'base-url': { value: 'URL', about: 'Default: the sandbox of --data' },
    keys: { value: 'FILE', about: "The protocol's part of the sandbox document; default: a demo merchant" },
    merchant: { value: 'M', about: 'Which demo merchant, by id or name; default the first' },
    number: { value: 'N', about: 'Order number of the plain request; default a new one' },
    bare: { about: 'Send only the members of --json and --set' },
    show: { about: 'Print the request as well (stderr), as kanal explain reads it; keys are not in it' },
  },
  more(input) {
    const name = input.words[0];
    if (name === undefined) return 'OPERATION is an endpoint of the protocol; kanal call P --help lists them.';
    const { endpoints } = protocolGiven(name);
    const width = Math.max(...endpoints.map((row) => row.name.length)) + 2;
    const lines = endpoints.map((row) => `  ${row.name.padEnd(width)}${row.command}`);
    return ['OPERATION, or the core command:', ...lines].join('\n');
  },
  run,
};

async function run(input: Input): Promise<number> {
  const protocol = protocolGiven(input.word(0, 'P'));
  const endpoint = endpointOf(protocol, input.word(1, 'OPERATION'));
  const { keys, baseUrl } = await caller(input, protocol);
  const world = commandWorld();
  try {
    const url = `${baseUrl.replace(/\/$/, '')}${basePath(keys)}${endpoint.path}`;
    const scene = sceneOf(world, endpoint, keys, null, url);
    const wire = protocol.request.seal(await membersOf(input, protocol, endpoint, scene), scene);
    if (input.flag('show')) warn(rawText(wire));
    return report(protocol, scene, await send(world, endpoint, wire));
  } finally {
    await world.close();
  }
}

/** As `kanal explain --file` reads it. A header that is a key (`x-api-key`) is not shown. */
function rawText(wire: RequestWire): string {
  const headers = wire.headers.map(([name, value]) => `${name}: ${/key|authorization/i.test(name) ? '***' : value}`);
  return [`${wire.method} ${wire.target}`, ...headers, '', Buffer.from(wire.body).toString('utf8')].join('\n');
}

/** By its wire name; by a core command, the endpoint that the plain ask would go to. */
function endpointOf(protocol: Protocol, word: string): AnyEndpoint {
  const named = protocol.endpoints.find(({ name }) => name === word);
  const carrying = protocol.endpoints.filter(({ command }) => command === word);
  const usual = carrying.find(
    (row: EndpointOf<CommandName>) => row.suits?.(sampleAsk(row.command, protocol, 'X1')) ?? true,
  );
  const found = named ?? usual ?? carrying[0];
  if (!found)
    throw usage(`${protocol.name} has no ${word}; it has ${protocol.endpoints.map(({ name }) => name).join(', ')}`);
  return found;
}

async function caller(input: Input, protocol: Protocol): Promise<{ keys: Keys; baseUrl: string }> {
  const [file, url] = [input.text('keys'), input.text('base-url')];
  if (file !== undefined && url !== undefined)
    return { keys: merchantSide(protocol, await readObject(file)), baseUrl: url };
  const document = await sandboxOf(input);
  const wanted = input.text('merchant');
  const merchant = document.merchants.find(({ id, name }) => wanted === undefined || wanted === id || wanted === name);
  if (!merchant)
    throw new CliError(
      `no demo merchant ${wanted ?? ''}; there are ${document.merchants.map(({ name }) => name).join(', ')}`,
    );
  const own = file === undefined ? merchant.protocols[protocol.name] : await readObject(file);
  if (!own) throw new CliError(`the demo merchants do not speak ${protocol.name}: give --keys and --base-url`);
  return { keys: merchantSide(protocol, own), baseUrl: url ?? document.baseUrl };
}

async function membersOf(input: Input, protocol: Protocol, endpoint: AnyEndpoint, scene: Scene): Promise<Fields> {
  const number = input.text('number') ?? `CALL${randomBytes(6).toString('hex')}`;
  const row: EndpointOf<CommandName> = endpoint;
  const plain = input.flag('bare') ? obj([]) : row.ask.write(askFor(protocol, row, number), scene);
  const own = await givenMembers(input.text('json'));
  const merged = new Map<string, Json>([...plain, ...(own ?? []), ...typed(input)]);
  return obj([...merged].filter(([, value]) => value !== null));
}

/** What `--json` says: a file, stdin, or the object itself. */
async function givenMembers(given: string | undefined): Promise<Fields> {
  if (given === undefined) return obj([]);
  const isText = given.trimStart().startsWith('{');
  const bytes = isText ? Buffer.from(given) : await fileBytes(given);
  try {
    const found = parseObject(bytes);
    if (found) return found;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
  }
  throw new CliError(`${isText ? 'the text of --json' : given} is not a JSON object`);
}

/** `a=1` is a text, `a:=1` is JSON. */
function typed(input: Input): [string, Json][] {
  return Object.entries(pairs(input.all('set'), 'set')).map(([name, value]) => {
    if (!name.endsWith(':')) return [name, value];
    const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(value);
    const parsed = isNumber ? new Num(value) : (parseObject(Buffer.from(`{"v":${value}}`))?.get('v') ?? null);
    return [name.slice(0, -1), parsed];
  });
}

function send(world: World, endpoint: AnyEndpoint, wire: Parameters<typeof outbound>[0]): Promise<Sent> {
  return world.send(outbound(wire), {
    connectTimeoutMs: 5_000,
    totalTimeoutMs: endpoint.timeoutMs + 5_000,
    maxResponseBytes: 1024 * 1024,
    targets: 'any',
  });
}

/** The reply's body on stdout as it came; what it means on stderr. */
function report(protocol: Protocol, scene: Scene, sent: Sent): number {
  if (sent.kind !== 'ANSWER')
    throw new CliError(sent.kind === 'NOT_SENT' ? `not sent: ${sent.why}` : `no usable answer: ${sent.why}`);
  print(Buffer.from(sent.body).toString('utf8'));
  const wire = { kind: 'reply' as const, status: sent.status, headers: Object.entries(sent.headers), body: sent.body };
  try {
    const verdict = protocol.judge(protocol.reply.open(wire, scene), scene);
    warn(
      `HTTP ${sent.status}, ${verdict.kind === 'answered' ? 'answered' : `${verdict.kind}: ${verdict.code} ${verdict.text}`.trimEnd()}`,
    );
    return verdict.kind === 'answered' ? exits.done : exits.failed;
  } catch (error) {
    warn(
      `HTTP ${sent.status}; the reply does not open: ${error instanceof Refusal ? error.message : 'not understood'}`,
    );
    return exits.failed;
  }
}

/** Loaded by name when it is asked for. */
export default callCommand;
