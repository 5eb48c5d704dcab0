/** A real gate in this process: the same ports and batchers as in the gateway. */
import { Keyring } from '../src/edge/keyring.ts';
import { Vault } from '../src/edge/vault.ts';
import { type OpenGate, openGate } from '../src/flows/open-gate.ts';
import { makePorts } from '../src/wiring/ports.ts';
import type { Place } from './place.ts';

export function gateIn(place: Place): Promise<OpenGate> {
  const { world, db } = place;
  const vault = new Vault(place.masterKey, (bytes) => world.nonce(bytes));
  const ports = makePorts({
    world,
    keyring: new Keyring(vault, () => world.now()),
    vault,
    publicUrl: () => 'http://127.0.0.1:9',
    refuseUrl: () => null,
    deskUrl: (payment) => `http://127.0.0.1:9/cashier/${payment.platformNo}`,
    wakeNotices: () => undefined,
    sqs: null,
    observer: { notified() {}, chased() {} },
  });
  return openGate(db, ports);
}
