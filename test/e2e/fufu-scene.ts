/** A whole gateway and a fufu shop in it, for the fufu files. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { FufuMerchant } from './fufu-party.ts';
import { type Scene, shown, startScene, type TwinControl } from './harness.ts';
import { member, textAt } from './http.ts';

export interface FufuScene extends Scene {
  readonly shop: FufuMerchant;
  readonly other: FufuMerchant;
  readonly bank: TwinControl;
  /** A number nobody has used. */
  fresh(): string;
  /** Changes settings of the first shop's credential, as an operator would. */
  setting(settings: Readonly<Record<string, string>>): Promise<void>;
  /** The operator's view of an order. */
  seen(number: string): Promise<unknown>;
}

/** The 80 seconds that an order may take last one: less is nothing on a busy machine. */
export const fufuScale = 80;
let numbers = 0;

export async function startFufu(): Promise<FufuScene> {
  const scene = await startScene({ flags: { 'time-scale': String(fufuScale) } });
  const [first, second] = scene.gateway.sandbox?.facts.merchants ?? [];
  assert.ok(first && second);
  const shop = new FufuMerchant(() => scene.url, first.protocols.fufu);
  return {
    ...scene,
    shop,
    other: new FufuMerchant(() => scene.url, second.protocols.fufu),
    bank: scene.twin('fufu'),
    fresh: () => `F${process.pid}-${++numbers}`,
    seen: (number) => shown(scene, number),
    async setting(settings) {
      await scene.database.owner.run({
        text: `update kanal.credentials set settings = settings || $1::jsonb where protocol = 'fufu' and sender = $2`,
        values: [JSON.stringify(settings), shop.busiId],
      });
      await scene.database.owner.run({ text: 'update kanal.directory_version set version = version + 1', values: [] });
      await scene.gateway.gate.refresh();
    },
  };
}

/** Until it is so, for half a minute at most: a busy machine is slow, not wrong. */
export async function until<T>(look: () => Promise<T>, isSo: (value: T) => boolean, ms = 30_000): Promise<T> {
  const over = Date.now() + ms;
  for (;;) {
    const value = await look();
    if (isSo(value)) return value;
    if (Date.now() > over) assert.fail(`still ${JSON.stringify(value)}`);
    await wait(15);
  }
}

/** What the twin really moved for an order. */
export async function moved(scene: FufuScene, number: string): Promise<readonly unknown[]> {
  const reference = textAt(await scene.seen(number), 'reference');
  return scene.bank.executions(reference);
}

export function outcomeOf(execution: unknown): string {
  return textAt(execution, 'outcome');
}

export { member };
