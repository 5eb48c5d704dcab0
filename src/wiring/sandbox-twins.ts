/** The running sandbox: seed, twins on free ports, channels pointed at them. Loaded in sandbox mode only. */
import type { World } from '../core/world.ts';
import type { Vault } from '../edge/vault.ts';
import { protocolNamed } from '../protocols/all.ts';
import type { Keys } from '../protocols/protocol.ts';
import { keysAtHand } from '../edge/party-keys.ts';
import type { Database } from '../store/database.ts';
import { keptTwins, type TwinAddresses } from './kept-twins.ts';
import { postgresTwinStore } from '../twin/store-postgres.ts';
import { type StartedTwin, startTwin } from '../twin/server.ts';
import { pointChannels, resolveNumber, type SandboxChannel, type SandboxFacts, seedSandbox } from './sandbox.ts';

export interface SandboxParts {
  readonly db: Database;
  readonly world: World;
  readonly vault: Vault;
  /** Asked at each callback: a restart may have another port. */
  readonly publicUrl: () => string;
  readonly progress: (step: string) => void;
  /** The database is not our own: another process on it may have the twins already. */
  readonly isShared: boolean;
}

export interface Sandbox {
  readonly facts: SandboxFacts;
  readonly twins: TwinAddresses;
  stop(): Promise<void>;
}

export async function startSandbox(parts: SandboxParts): Promise<Sandbox> {
  const { db, world, vault, progress, isShared } = parts;
  progress('making the demo merchants');
  const facts = await seedSandbox(db, world, vault);
  const others = isShared ? await livingTwins(db, world, facts) : null;
  if (others) return { facts, twins: others, stop: () => Promise.resolve() };
  progress('starting the twins');
  const twins = new Map<string, StartedTwin>();
  for (const channel of facts.channels) twins.set(channel.protocol, await startOne(parts, channel));
  await pointChannels(
    db,
    new Map(facts.channels.map((channel) => [channel.id, twins.get(channel.protocol)?.baseUrl ?? ''])),
  );
  return {
    facts,
    twins,
    async stop() {
      await Promise.all([...twins.values()].map((twin) => twin.stop()));
    },
  };
}

const probe = { connectTimeoutMs: 500, totalTimeoutMs: 2_000, maxResponseBytes: 1_024, targets: 'any' } as const;

/** The twins of another process on this database; null unless all of them answer. Two of a kind would call back twice. */
async function livingTwins(db: Database, world: World, { channels }: SandboxFacts): Promise<TwinAddresses | null> {
  const kept = await keptTwins(db);
  if (!channels.every(({ protocol }) => kept.has(protocol))) return null;
  const answers = await Promise.all(
    [...kept.values()].map(({ controlUrl }) =>
      world.send({ method: 'GET', url: `${controlUrl}/_twin/plan`, headers: {}, body: new Uint8Array(0) }, probe),
    ),
  );
  return answers.every((answer) => answer.kind === 'ANSWER' && answer.status === 200) ? kept : null;
}

function startOne({ db, world, publicUrl }: SandboxParts, channel: SandboxChannel): Promise<StartedTwin> {
  return startTwin({
    mode: 'sandbox',
    protocol: protocolNamed(channel.protocol),
    keys: twinKeys(channel),
    store: postgresTwinStore(db),
    world,
    callbackUrl: () => `${publicUrl()}/listen/${channel.id}`,
    host: '127.0.0.1',
    resolve: async (number) => {
      const reference = await resolveNumber(db, number);
      return reference === null ? [] : [reference];
    },
  });
}

/** The other side of a channel's keys; where the two do not share them, the channel says what the twin holds. */
function twinKeys({ protocol, sender, secrets, twin, settings }: SandboxChannel): Keys {
  return keysAtHand(protocolNamed(protocol), { sender, keys: twin ?? secrets, settings });
}
