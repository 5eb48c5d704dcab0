/** What the ysepay tests over a whole gateway share: a merchant with a signed agreement, codes, notices. */
import assert from 'node:assert/strict';
import { type Scene, startScene } from './harness.ts';
import { member, textAt, until } from './http.ts';
import { type How, type Members, type Told, YsepayMerchant } from './ysepay-party.ts';

export interface YsepayScene extends Scene {
  readonly shop: YsepayMerchant;
  readonly other: YsepayMerchant;
}

export async function startYsepay(): Promise<YsepayScene> {
  const scene = await startScene();
  const of = (index: number) => {
    const keys = scene.gateway.sandbox?.facts.merchants[index]?.protocols.ysepay;
    assert.ok(keys);
    return new YsepayMerchant(() => scene.url, keys);
  };
  return { ...scene, shop: of(0), other: of(1) };
}

/** The code that was "sent" to the payer. */
export async function codeOf(scene: Scene, number: string): Promise<string> {
  const { status, json } = await scene.twin('ysepay').call('GET', `sms?reference=${number}`);
  assert.equal(status, 200, JSON.stringify(json));
  return textAt(json, 'code');
}

export function wrong(code: string): string {
  return code === '000000' ? '000001' : '000000';
}

export const methods = {
  sign: 'ysepay.trusteeship.sign',
  signConfirm: 'ysepay.trusteeship.sign.confirm',
  pay: 'ysepay.trusteeship.fastPay',
  confirm: 'ysepay.trusteeship.fastPay.confirm',
  resend: 'ysepay.trusteeship.fastPay.reachievemsg',
  agreement: 'ysepay.trusteeship.fastPay.queryProtocol',
  cancel: 'ysepay.trusteeship.sign.cancel',
  query: 'ysepay.online.trade.query',
  orderQuery: 'ysepay.online.trade.order.query',
  refund: 'ysepay.online.trade.refund',
  generalRefund: 'ysepay.online.trade.refund.general.account',
  refundQuery: 'ysepay.online.trade.refund.query',
  close: 'ysepay.online.trade.close',
  statement: 'ysepay.online.bill.downloadurl.get',
} as const;

export function assertDone(told: Told): Told {
  assert.equal(told.is['code'], '10000', told.text);
  assert.equal(told.is['msg'], 'Success');
  assert.ok(told.isSigned, 'signed by the platform');
  return told;
}

export function assertRefused(told: Told, subCode: string): Told {
  assert.equal(told.is['code'], '40004', told.text);
  assert.equal(told.is['sub_code'], subCode, told.text);
  assert.ok((told.is['sub_msg'] ?? '').length <= 50);
  assert.ok(told.isSigned, 'signed by the platform');
  return told;
}

/** Signs and confirms an agreement; its protocol_no. */
export async function agreed(
  scene: YsepayScene,
  shop = scene.shop,
  changes: Members = {},
  how: How = {},
): Promise<string> {
  const no = shop.fresh('a');
  assert.equal(
    assertDone(await shop.ask(methods.sign, shop.signing(no, changes), how)).is['trade_status'],
    'WAIT_CONFIRM',
  );
  const code = await codeOf(scene, no);
  const told = assertDone(await shop.ask(methods.signConfirm, { out_trade_no: no, mobile_verify_code: code }, how));
  assert.match(told.is['protocol_no'] ?? '', /^K\d{19}$/);
  return told.is['protocol_no'] ?? '';
}

/** An order that waits for its code: its number and paysn. */
export async function ordered(scene: YsepayScene, protocolNo: string, changes: Members = {}, how: How = {}) {
  const no = scene.shop.fresh('p');
  const outer = { notify_url: `${scene.receiver.url}/${no}`, ...how.outer };
  const told = assertDone(
    await scene.shop.ask(methods.pay, scene.shop.paying(no, protocolNo, changes), { ...how, outer }),
  );
  assert.equal(told.is['trade_status'], 'WAIT_BUYER_PAY');
  return { no, paysn: told.is['paysn'] ?? '', tradeNo: told.is['trade_no'] ?? '' };
}

export async function paid(scene: YsepayScene, protocolNo: string, changes: Members = {}) {
  const order = await ordered(scene, protocolNo, changes);
  const code = await codeOf(scene, order.no);
  const told = await scene.shop.ask(methods.confirm, { paysn: order.paysn, mobile_verify_code: code });
  assert.equal(assertDone(told).is['trade_status'], 'TRADE_SUCCESS');
  return { ...order, code };
}

export async function stateOf(scene: YsepayScene, no: string): Promise<string> {
  return (
    (await scene.shop.ask(methods.query, { out_trade_no: no, shopdate: scene.shop.today })).is['trade_status'] ?? ''
  );
}

export function untilState(scene: YsepayScene, no: string, state: string): Promise<true> {
  return until(`${no} is ${state}`, async () => (await stateOf(scene, no)) === state);
}

/** The notices of an order so far, as members. */
export function noticesOf(scene: Scene, no: string): readonly URLSearchParams[] {
  return scene.receiver.at(`/${no}`).map(({ body }) => new URLSearchParams(body));
}

/** How often something really moved at the channel under the order's reference. */
export async function movedAt(scene: YsepayScene, no: string): Promise<number> {
  const rows = await scene.operator.list('payments', `?number=${no}`);
  const reference = textAt(rows[0], 'reference');
  const moved = (await scene.twin('ysepay').executions(reference)).filter((row) => member(row, 'outcome') === 'paid');
  return moved.reduce<number>((sum, row) => sum + Number(member(row, 'count')), 0);
}
