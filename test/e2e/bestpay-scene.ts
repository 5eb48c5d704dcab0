/** What the Bestpay tests over a whole gateway share: two shops, a box for callbacks, fresh numbers, the books. */
import assert from 'node:assert/strict';
import { BestpayMerchant, type CallbackBox, callbackBox, type Told } from './bestpay-party.ts';
import { type Scene, startScene } from './harness.ts';
import { member } from './http.ts';

export interface BestpayScene extends Scene {
  readonly shop: BestpayMerchant;
  readonly other: BestpayMerchant;
  readonly box: CallbackBox;
  fresh(): string;
}

export async function startBestpay(flags: Readonly<Record<string, string>> = {}): Promise<BestpayScene> {
  const scene = await startScene({ flags });
  const box = await callbackBox();
  const of = (index: number) => {
    const keys = scene.gateway.sandbox?.facts.merchants[index]?.protocols.bestpay;
    assert.ok(keys);
    return new BestpayMerchant(() => scene.url, keys);
  };
  let numbers = 0;
  return {
    ...scene,
    shop: of(0),
    other: of(1),
    box,
    fresh: () => `B${process.pid}-${++numbers}`,
    async stop() {
      await scene.stop();
      await box.close();
    },
  };
}

export function assertHandled(told: Told, status: string): Told {
  assert.equal(told.success, true, told.text);
  assert.equal(told.code, '000000');
  assert.equal(told.status, status, told.text);
  assert.ok(told.isSigned, 'signed by the platform, SHA-1');
  return told;
}

export function assertRefused(told: Told, code: string): Told {
  assert.equal(told.success, false, told.text);
  assert.equal(told.code, code, told.text);
  assert.equal(member(JSON.parse(told.text), 'result'), null);
  assert.ok(told.isSigned, 'refusals are signed too');
  return told;
}

/** Movements of an order's account, as "reason amount", sorted. */
export async function postings(
  scene: Scene,
  orderNo: string,
  kind: 'payments' | 'refunds' = 'payments',
): Promise<string[]> {
  const rows = await scene.database.owner.run<{ line: string }>({
    text: `select split_part(m.reason, '/', 1) || ' ' || m.amount as line from kanal.moves m
      join kanal.${kind} p on p.home = m.home and p.id = m.object_id where p.order_no = $1 order by 1`,
    values: [orderNo],
  });
  return rows.map(({ line }) => line);
}

/** Refunds of late money, by the payment's number. */
export async function lateRefunds(scene: Scene, orderNo: string) {
  return scene.database.owner.run<{ state: string; amount: bigint; reference: string }>({
    text: `select r.state, r.amount, r.reference from kanal.refunds r join kanal.payments p on p.home = r.home and p.id = r.payment_id
      where p.order_no = $1 and r.detail ? 'isLate'`,
    values: [orderNo],
  });
}
