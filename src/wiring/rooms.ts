/** The rooms beside the merchant protocols: health, metrics, cashier, operator API. */
import { type Config, toldOptions } from '../config.ts';
import type { Payment } from '../core/order.ts';
import type { World } from '../core/world.ts';
import { makeAdmissions } from '../edge/admission.ts';
import { DeskTokens } from '../edge/desk-token.ts';
import type { Keyring } from '../edge/keyring.ts';
import { makeMetrics, type Metrics } from '../edge/metrics.ts';
import type { Vault } from '../edge/vault.ts';
import type { OpenGate } from '../flows/open-gate.ts';
import { channelProtocols, merchantProtocols, protocols } from '../protocols/all.ts';
import { operatorApi } from '../web/api/api.ts';
import { readAssets } from '../web/assets.ts';
import { cashier } from '../web/cashier/cashier.ts';
import { Watch } from '../web/cashier/watch.ts';
import { onlinePay } from '../web/online-pay/online-pay.ts';
import { consoleRoom } from '../web/console/console.ts';
import { statements } from '../web/statements/statements.ts';
import { isRead, onlyRead, type Room } from '../web/web.ts';
import { healthRoom } from './health.ts';
import { makeInspections } from './inspections.ts';
import { makeIntegrations } from './integrations.ts';
import { metricsRoom, observerOf } from './metrics-room.ts';
import type { SqsPort } from './ports.ts';
import { makeQueue } from './queue.ts';
import { sandboxDocument } from './sandbox-document.ts';
import type { Observer } from './observer.ts';

export interface RoomParts {
  readonly config: Config;
  readonly vault: Vault;
  readonly world: World;
  readonly keyring: Keyring;
  readonly publicUrl: () => string;
}

export interface Rooms {
  readonly deskUrl: (payment: Payment) => string | null;
  readonly observer: Observer;
  readonly metrics: Metrics;
  readonly sqs: SqsPort | null;
  all(gate: OpenGate, token: string): readonly Room[];
}

const oneCodeProtocols = merchantProtocols
  .filter(({ conduct }) => conduct?.oneCodePage === true)
  .map(({ name }) => name);

export async function makeRooms({ config, vault, world, keyring, publicUrl }: RoomParts): Promise<Rooms> {
  const metrics = makeMetrics([...protocols.keys()]);
  const tokens = new DeskTokens(vault.derive('desk'));
  const assets = await readAssets();
  const admissions = makeAdmissions({ vault, nonce: world.nonce, now: world.now, merchantProtocols, channelProtocols });
  return {
    deskUrl: (payment) => `${publicUrl()}/cashier/${tokens.make(payment)}`,
    observer: observerOf(metrics),
    metrics,
    sqs: makeQueue(config),
    all: (gate, token) => {
      const isSandbox = config.mode === 'sandbox';
      const sandbox = isSandbox ? () => sandboxDocument(publicUrl(), token, gate.db, vault) : null;
      const desk = { gate, admissions, inspections: makeInspections(gate, keyring), sandbox };
      const seal = (place: string, secret: Uint8Array) => vault.seal(place, secret);
      const open = (place: string, sealed: Uint8Array) => vault.open(place, sealed);
      const watch = new Watch(gate);
      const integrations = makeIntegrations({ gate, keyring, vault, publicUrl, isSandbox });
      return [
        frontDoor,
        healthRoom(gate),
        metricsRoom(gate, metrics),
        onlinePay(gate, { assets, watch, isSandbox, protocols: oneCodeProtocols, publicUrl }),
        cashier(gate, { openToken: (text) => tokens.open(text), assets, watch, isSandbox }),
        statements(gate),
        operatorApi(desk),
        consoleRoom({
          ...desk,
          seal,
          open,
          assets,
          isSandbox,
          publicUrl,
          integrations,
          configured: toldOptions(config),
        }),
      ];
    },
  };
}

/** Whoever opens the bare address is a person with a browser. */
const frontDoor: Room = (request) => {
  if (request.path !== '/') return Promise.resolve(null);
  return Promise.resolve(isRead(request) ? { status: 302, headers: { location: '/console' }, body: '' } : onlyRead);
};
