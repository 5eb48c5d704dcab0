/** The rooms beside the merchant protocols: health, metrics, cashier, operator API. */
import type { Config } from '../config.ts';
import type { Payment } from '../core/order.ts';
import type { World } from '../core/world.ts';
import type { Keyring } from '../edge/keyring.ts';
import { makeMetrics } from '../edge/metrics.ts';
import type { Vault } from '../edge/vault.ts';
import type { OpenGate } from '../flows/open-gate.ts';
import { protocols } from '../protocols/all.ts';
import { healthRoom } from './health.ts';
import { metricsRoom, observerOf } from './metrics-room.ts';
import { operatorRoom } from './operator-room.ts';
import type { SqsPort } from './ports.ts';
import { makeQueue } from './queue.ts';
import type { Sandbox } from './sandbox-twins.ts';
import type { Observer, Room } from './traffic.ts';

export interface RoomParts {
  readonly config: Config;
  readonly vault: Vault;
  readonly world: World;
  readonly keyring: Keyring;
  readonly publicUrl: () => string;
  readonly sandbox: Sandbox | null;
}

export interface Rooms {
  readonly deskUrl: (payment: Payment) => string | null;
  readonly observer: Observer;
  readonly sqs: SqsPort | null;
  all(gate: OpenGate): readonly Room[];
}

export function makeRooms(parts: RoomParts): Rooms {
  const metrics = makeMetrics([...protocols.keys()]);
  return {
    deskUrl: () => null,
    observer: observerOf(metrics),
    sqs: makeQueue(parts.config),
    all: (gate) => [healthRoom(gate), metricsRoom(gate, metrics), operatorRoom(parts, gate)],
  };
}
