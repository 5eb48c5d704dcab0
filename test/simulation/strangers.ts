/** Operators who send notices again, and attackers who replay callbacks or change them. */
import type { OutboundRequest } from '../../src/core/world.ts';
import { resendNotice } from '../../src/store/notices.ts';
import { sql } from '../../src/store/database.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import type { Chance } from './chance.ts';
import { twinKeys } from './keys.ts';
import type { Scene } from './scene.ts';

const limits = { connectTimeoutMs: 5_000, totalTimeoutMs: 10_000, maxResponseBytes: 4_096, targets: 'any' } as const;

export class Strangers {
  readonly #scene: Scene;
  readonly #chance: Chance;
  /** Notices that a person sent again: each has one more try than its ladder. */
  readonly resent = new Map<bigint, number>();

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#chance = scene.chance.fork('strangers');
  }

  /** An operator sends one notice again, whatever became of it. */
  resend(): void {
    const { journal } = this.#scene;
    void this.#scene.someGateway()?.visit('resend', async (gate) => {
      const notices = await gate.db.run<{ id: bigint }>(sql`select id from notices order by id`);
      if (notices.length === 0) return;
      const { id } = this.#chance.pick(notices);
      this.resent.set(id, (this.resent.get(id) ?? 0) + 1);
      journal.count('operator: sends a notice again');
      await gate.db.transaction((query) => resendNotice(query, id, null, gate.world.now()));
      gate.wakeNotices();
    });
  }

  /** An old callback comes again, as it was or a little different. */
  async attack(): Promise<void> {
    const { network, journal, clock } = this.#scene;
    const callbacks = network.seen.filter(({ edge }) => edge === 'callback');
    if (callbacks.length === 0) return;
    const { request } = this.#chance.pick(callbacks);
    if (this.#chance.happens(0.4)) {
      journal.count('attacker: replays a callback');
      await network.send('callback', request, limits);
      return;
    }
    const changed = this.#changed(request);
    if (!changed) return;
    journal.count('attacker: changes a callback');
    const sent = await network.send('callback', changed, limits);
    if (sent.kind !== 'ANSWER') return;
    const reply = { kind: 'reply', status: sent.status, headers: [], body: sent.body } as const;
    const [, channelId] = /\/listen\/(\d+)/.exec(request.url) ?? [];
    const channel = this.#scene.books.facts.channels.find(({ id }) => id === channelId);
    if (channel && protocolNamed(channel.protocol).ack.open(reply, twinKeys(channel)))
      this.#scene.fail(`a changed callback was taken at ${clock.now}`);
  }

  /** Null when the change changes nothing. */
  #changed(request: OutboundRequest): OutboundRequest | null {
    const [pattern, text] = this.#chance.pick(changes);
    const url = request.url.replace(pattern, text);
    const before = Buffer.from(request.body).toString();
    const body = before.replace(pattern, text);
    return url === request.url && body === before ? null : { ...request, url, body: Buffer.from(body) };
  }
}

/** What somebody would like to be true. */
const changes: readonly (readonly [pattern: RegExp, text: string])[] = [
  [/price=(\d+)/, 'price=9$1'],
  [/status=201/, 'status=200'],
  [/cmd=CHG/, 'cmd=CFM'],
  [/encrypt=[0-9a-f]{8}/, 'encrypt=00000000'],
  [/&encrypt=.*/, ''],
  [/"amount":\s*(\d)/, '"amount":9$1'],
  [/"FAIL"/, '"SUCCESS"'],
  [/"mchOrderNo":"../, '"mchOrderNo":"00'],
];
