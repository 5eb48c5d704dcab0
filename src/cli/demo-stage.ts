/** The stage of `kanal demo`: who plays, one signed request, the twin behind an order, and patience. */
import type { Answer, Ask, CommandName } from '../core/commands.ts';
import type { World } from '../core/world.ts';
import { endpointFor, outbound } from '../edge/call.ts';
import { sceneOf } from '../edge/serve.ts';
import type { Keys, Protocol, RequestWire } from '../protocols/protocol.ts';
import type { Input } from './command.ts';
import { rows } from './gateway.ts';
import type { Mailbox } from './mailbox.ts';
import { basePath } from '../wiring/samples.ts';
import type { SandboxDocument } from './parties.ts';
import { shown } from './table.ts';

export interface Stage {
  readonly input: Input;
  readonly document: SandboxDocument;
  readonly world: World;
  readonly mailbox: Mailbox;
}

/** What is known while the story goes on. */
export interface Cast {
  readonly protocol: Protocol;
  readonly keys: Keys;
  readonly webhookSecret: string;
  readonly orderNo: string;
  readonly notices: RequestWire[];
  readonly list: 'payments' | 'payouts';
  readonly happyEnd: string;
}

/** Something did not go as told; the text ends the story. */
export class Otherwise extends Error {}

const patienceMs = 20_000;
const lookEveryMs = 100;

/** One signed request and its opened reply. Throws when the gateway says anything but yes. */
export async function ask<C extends CommandName>(
  stage: Pick<Stage, 'world' | 'document'>,
  { protocol, keys }: Pick<Cast, 'protocol' | 'keys'>,
  command: C,
  what: Ask<C>,
): Promise<Answer<C>> {
  const { world, document } = stage;
  const endpoint = endpointFor(protocol, command, what);
  const row = protocol.endpoints.find(({ name }) => name === endpoint?.name);
  if (!endpoint || !row) throw new Otherwise(`${protocol.name} has no ${command} for this`);
  const url = `${document.baseUrl}${basePath(keys)}${endpoint.path}`;
  const scene = sceneOf(world, row, keys, null, url);
  const sent = await world.send(outbound(protocol.request.seal(endpoint.ask.write(what, scene), scene)), {
    connectTimeoutMs: 5_000,
    totalTimeoutMs: 30_000,
    maxResponseBytes: 262_144,
    targets: 'any',
  });
  if (sent.kind !== 'ANSWER') throw new Otherwise(`no answer: ${sent.why}`);
  const reply = protocol.reply.open(
    { kind: 'reply', status: sent.status, headers: Object.entries(sent.headers), body: sent.body },
    scene,
  );
  const verdict = protocol.judge(reply, scene);
  if (verdict.kind !== 'answered')
    throw new Otherwise(`the gateway said ${verdict.kind}: ${verdict.code} ${verdict.text}`);
  return endpoint.answer.read(reply, scene);
}

/** The twin that stands behind the channel of an order or agreement. */
export async function twinBehind(
  { input, document }: Stage,
  list: string,
  number: string,
): Promise<{ readonly baseUrl: string; readonly controlUrl: string }> {
  const [order] = await rows(input, `/${list}?number=${number}`);
  const channel = (await rows(input, '/channels')).find(({ id }) => id === order?.['channel']);
  const twin = document.twins[shown(channel?.['protocol'])];
  if (!twin) throw new Otherwise(`no twin stands behind the channel ${shown(order?.['channelName'])}`);
  return twin;
}

export async function until<T>(world: World, what: string, look: () => Promise<T | null>): Promise<T> {
  const end = world.monotonic() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (world.monotonic() > end) throw new Otherwise(`${what}: not within ${patienceMs / 1000} s`);
    await world.sleep(lookEveryMs);
  }
}
