/** Commands that only later protocols speak, asked of the bank itself. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Ask, RefundAsk } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { Bank, type Errand } from '../../src/twin/bank.ts';
import { Courier } from '../../src/twin/courier.ts';
import { fault } from '../../src/twin/faults.ts';
import { memoryTwinStore, type TwinStore } from '../../src/twin/store.ts';
import { find, parties, payAsk, testWorld } from './twin-scene.ts';

const clock = { now: Date.UTC(2030, 0, 2) };
const plain: Errand = { fingerprint: 'one', faults: [] };
let store: TwinStore;
let bank: Bank;

beforeEach(() => {
  store = memoryTwinStore();
  const { protocol, keys } = parties.payin;
  const world = testWorld(clock);
  const view = () => ({ now: clock.now, payPage: () => 'http://127.0.0.1/pay' });
  const shared = { name: 'twin', protocol, store, world, view };
  const courier = new Courier({ ...shared, keys, callbackUrl: () => '' });
  bank = new Bank({ ...shared, courier, statementUrl: (day) => `http://127.0.0.1/${day}` });
});

function refuses(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code;
}

function refundAsk(orderNo: string, refundNo: string, minor: bigint): RefundAsk {
  return { refundNo, orderNo, platformNo: null, amount: money(minor, 'IDR'), reason: null, notify: null, extras: {} };
}

describe('barcode and refunds', () => {
  test('a barcode is paid in the reply', async () => {
    const paid = await bank.carryOut('pay', payAsk({ method: 'barcode', authCode: '281234567890123456' }), plain);
    assert.equal(paid.state, 'paid');
    assert.deepEqual(paid.paid, money(20_000n, 'IDR'));
  });

  test('parallel refunds never exceed what was paid', async () => {
    const ask = payAsk({ method: 'barcode' }, 1_000n);
    await bank.carryOut('pay', ask, plain);
    const refund = (n: number) => bank.carryOut('refund', refundAsk(ask.orderNo, `r${n}`, 300n), plain);
    const done = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => refund(n)));
    assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 3);
    assert.ok(done.every((one) => one.status === 'fulfilled' || refuses('limit-exceeded')(one.reason)));
    assert.equal((await bank.carryOut('query-payment', find(ask.orderNo), plain)).refunds?.done, 900n);
    const again = await bank.carryOut('refund', refundAsk(ask.orderNo, 'r0', 300n), plain);
    assert.equal(again.state, 'paid', 'a repeat is answered as the first');
    assert.equal((await store.get('twin', 'payin:payment', ask.orderNo))?.refunded, 900n);
  });

  test('a refund needs a paid payment', async () => {
    const ask = payAsk();
    await bank.carryOut('pay', ask, plain);
    await assert.rejects(bank.carryOut('refund', refundAsk(ask.orderNo, 'r', 1n), plain), refuses('conflict'));
    await assert.rejects(bank.carryOut('refund', refundAsk('nobody', 'r', 1n), plain), refuses('not-found'));
  });

  test('a refund that fails later can be made again', async () => {
    const ask = payAsk({ method: 'barcode' }, 1_000n);
    await bank.carryOut('pay', ask, plain);
    const errand = { ...plain, faults: [fault('decline-later', { ms: 10 })] };
    const first = await bank.carryOut('refund', refundAsk(ask.orderNo, 'r1', 1_000n), errand);
    assert.equal(first.state, 'pending');
    await assert.rejects(bank.carryOut('refund', refundAsk(ask.orderNo, 'r2', 1n), plain), refuses('limit-exceeded'));
    await bank.advance(clock.now + 10);
    const query = { orderNo: null, platformNo: null, refundNo: 'r1', extras: {} };
    assert.equal((await bank.carryOut('query-refund', query, plain)).state, 'failed');
    const second = await bank.carryOut('refund', refundAsk(ask.orderNo, 'r2', 1_000n), plain);
    assert.equal(second.state, 'paid');
    assert.deepEqual(second.paymentAmount, money(1_000n, 'IDR'));
  });

  test('cancelling reverses, closing does not undo a payment', async () => {
    const ask = payAsk({ method: 'barcode' });
    await bank.carryOut('pay', ask, plain);
    await assert.rejects(bank.carryOut('close-payment', find(ask.orderNo), plain), refuses('conflict'));
    assert.equal((await bank.carryOut('cancel-payment', find(ask.orderNo), plain)).state, 'reversed');
    assert.equal((await bank.carryOut('cancel-payment', find(ask.orderNo), plain)).state, 'reversed');
    const open = payAsk();
    await bank.carryOut('pay', open, plain);
    assert.equal((await bank.carryOut('close-payment', find(open.orderNo), plain)).state, 'closed');
  });
});

describe('SMS codes and agreements', () => {
  const confirm = (confirmNo: string | null, code: string): Ask<'confirm-payment'> => ({
    orderNo: null,
    confirmNo,
    code,
    extras: {},
  });

  test('quick pay waits for the code; a resent code replaces the first', async () => {
    const ask = payAsk({ method: 'quick-pay' });
    const { instruction } = await bank.carryOut('pay', ask, plain);
    const first = (await store.get('twin', 'payin:payment', ask.orderNo))?.smsCode ?? '';
    await bank.carryOut('resend-code', confirm(instruction.confirmNo, ''), plain);
    const code = (await store.get('twin', 'payin:payment', ask.orderNo))?.smsCode ?? '';
    const wrong = first === code ? '000000x' : first;
    await assert.rejects(
      bank.carryOut('confirm-payment', confirm(instruction.confirmNo, wrong), plain),
      refuses('channel-declined'),
    );
    assert.equal((await bank.carryOut('confirm-payment', confirm(instruction.confirmNo, code), plain)).state, 'paid');
    assert.equal((await bank.carryOut('confirm-payment', confirm(instruction.confirmNo, code), plain)).state, 'paid');
  });

  test('an agreement is signed, confirmed, used and cancelled', async () => {
    const ask: Ask<'sign-agreement'> = {
      orderNo: 'sign-1',
      userId: 'u',
      payer: { name: null, phone: null, email: null, country: null },
      card: { number: '6222', idNumber: '1', expiry: null, cvv: null },
      payeeNo: 'p',
      scope: 'one-payee',
      extras: {},
    };
    const signed = await bank.carryOut('sign-agreement', ask, plain);
    assert.equal(signed.state, 'wait-confirm');
    const early = payAsk({ method: 'quick-pay', agreementNo: signed.agreementNo });
    await assert.rejects(bank.carryOut('pay', early, plain), refuses('channel-declined'));
    const [kept] = await store.find('twin', 'sign-1');
    assert.ok(kept?.smsCode);
    const active = await bank.carryOut('confirm-agreement', confirm(kept.confirmNo, kept.smsCode), plain);
    assert.equal(active.state, 'active');
    assert.equal((await bank.carryOut('pay', early, plain)).state, 'pending');
    assert.equal((await bank.carryOut('cancel-agreement', find('sign-1'), plain)).state, 'cancelled');
    assert.equal((await bank.carryOut('query-agreement', find('sign-1'), plain)).state, 'cancelled');
  });
});

test('the balance is what moved', async () => {
  const balance = async () => (await bank.carryOut('query-balance', { currency: 'IDR' }, plain)).available.minor;
  const before = await balance();
  const ask = payAsk({ method: 'barcode' }, 500n);
  await bank.carryOut('pay', ask, plain);
  await bank.carryOut('refund', refundAsk(ask.orderNo, 'r', 200n), plain);
  assert.equal((await balance()) - before, 300n);
});
