/** What a channel can say is known before anything is stored; the ways themselves are walked in test/e2e/matrix.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { payAsk, payOutAsk } from '../../src/cli/asks.ts';
import type { Pay, PayOut } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { keysAtHand } from '../../src/edge/party-keys.ts';
import { protocolNamed } from '../../src/protocols/all.ts';
import { whyUnable } from '../../src/wiring/ability.ts';

const still = { now: () => 1_700_000_000_000, nonce: (bytes: number) => new Uint8Array(bytes) };

function why(channel: string, command: 'pay' | 'pay-out', ask: Pay | PayOut, settings = {}): string | null {
  const protocol = protocolNamed(channel);
  return whyUnable(still, protocol, keysAtHand(protocol, { sender: '2257', keys: {}, settings }), command, ask);
}

const virtualAccount = payAsk(protocolNamed('payin'), 'n1', { method: 'virtual-account', option: 'BNI' });
const payee = payOutAsk('n1').payee;

test('a number that the channel demands may be the channel’s default', () => {
  const nameless = { ...virtualAccount, payer: { ...virtualAccount.payer, phone: null } };
  assert.equal(why('bluepay', 'pay', nameless), null);
  assert.match(why('bluepay', 'pay', nameless, { staticVa: 'true' }) ?? '', /msisdn/);
  assert.equal(why('bluepay', 'pay', nameless, { staticVa: 'true', defaultPhone: '6281234567890' }), null);
});

test('what cannot be mapped is no way: wallets and virtual accounts at a channel that pays to bank accounts', () => {
  const to = (changes: Partial<PayOut['payee']>) => payOutAsk('n1', { payee: { ...payee, ...changes } });
  assert.equal(why('bluepay', 'pay-out', to({ bank: 'BCA' })), null);
  assert.equal(why('bluepay', 'pay-out', to({ bank: 'a bank nobody knows' })), null, 'BluePay’s to judge');
  assert.match(why('bluepay', 'pay-out', to({ bank: 'OVO' })) ?? '', /OVO/);
  assert.match(why('bluepay', 'pay-out', to({ accountKind: 'virtual-account' })) ?? '', /bank accounts only/);
  assert.match(why('payin', 'pay-out', to({ bank: 'a bank nobody knows' })) ?? '', /bankId/);
  assert.equal(why('payin', 'pay-out', to({ bank: 'OVO' })), null);
});

test('limits, currencies and options are the channel’s', () => {
  const of = (minor: bigint) => payOutAsk('n1', { amount: money(minor, 'IDR') });
  assert.equal(why('bluepay', 'pay-out', of(14_075_000n)), null);
  assert.match(why('bluepay', 'pay-out', of(14_075_001n)) ?? '', /limits/);
  assert.match(why('bluepay', 'pay', { ...virtualAccount, option: 'BCA' }) ?? '', /BCA in IDR/);
  assert.match(why('payin', 'pay', { ...virtualAccount, amount: money(20_000n, 'CNY') }) ?? '', /in CNY/);
  assert.match(why('bestpay', 'pay-out', of(20_000n)) ?? '', /no pay-out/);
});
