/** The cashier on a gate of its own: visits without a socket, and payments whose payer has not chosen yet. */
import assert from 'node:assert/strict';
import { noInstruction, type Pay, type PaymentReport } from '../../src/core/commands.ts';
import { type Money, money } from '../../src/core/money.ts';
import type { Payment } from '../../src/core/order.ts';
import { DeskTokens } from '../../src/edge/desk-token.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import { orderByPlatformNo } from '../../src/store/orders.ts';
import { readAssets } from '../../src/web/assets.ts';
import { cashier } from '../../src/web/cashier/cashier.ts';
import { Watch } from '../../src/web/cashier/watch.ts';
import type { Room, WebReply, WebRequest } from '../../src/web/web.ts';
import { payAsk, paymentAnswer, type TestGate, testGate } from '../gate.ts';

export interface Desk {
  /** `/cashier/{token}` */
  readonly path: string;
  readonly present: () => Promise<Payment>;
}

export const amount: Money = money(150_000n, 'IDR');
export const bni = { method: 'virtual-account', option: 'BNI' } as const;

export function codeOf(payCode: string, sum: Money = amount): PaymentReport {
  return paymentAnswer({ amount: sum, instruction: { ...noInstruction, payCode } });
}

export function textOf({ body }: Pick<WebReply, 'body'>): string {
  return typeof body === 'string' ? body : assert.fail('not a text');
}

export interface CashierScene {
  readonly t: TestGate;
  readonly room: Room;
  readonly tokens: DeskTokens;
  visit(path: string, more?: Partial<WebRequest>): Promise<WebReply>;
  /** A form of the page, sent. */
  post(path: string, form: Readonly<Record<string, string>>, headers?: Record<string, string>): Promise<WebReply>;
  desk(changes?: Partial<Pay>, protocol?: string): Promise<Desk>;
  callback(payment: Payment, reference: string | null, changes: Partial<PaymentReport>): Promise<void>;
  /** The state as the script hears it. */
  view(path: string): Promise<string>;
  close(): Promise<void>;
}

export async function cashierScene(isSandbox = false): Promise<CashierScene> {
  const t = await testGate();
  const tokens = new DeskTokens(t.vault.derive('desk'));
  const openToken = (token: string) => tokens.open(token);
  const room = cashier(t.gate, { openToken, assets: await readAssets(), watch: new Watch(t.gate), isSandbox });

  async function visit(path: string, more: Partial<WebRequest> = {}): Promise<WebReply> {
    const [bare = '', query = ''] = path.split('?');
    const reply = await room({
      method: 'GET',
      path: bare,
      query: new URLSearchParams(query),
      headers: { host: 'pay.example' },
      body: new Uint8Array(),
      remote: '203.0.113.9',
      ...more,
    });
    if (!reply) assert.fail(`${path} is not the cashier's`);
    // A broken page would pass every test that only looks for what must not be there.
    assert.notEqual(reply.status, 500, path);
    return reply;
  }

  return {
    t,
    room,
    tokens,
    visit,
    post: (path, form, headers = {}) =>
      visit(path, {
        method: 'POST',
        headers: { host: 'pay.example', 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: Buffer.from(new URLSearchParams(form).toString()),
      }),
    async desk(changes = {}, protocol = 'payin') {
      const ask = payAsk({ method: 'any', option: null, amount, ...changes });
      const caller = t.caller(0, protocol);
      const report = await pay(t.gate, caller, ask, Buffer.from(ask.orderNo));
      const present = async (): Promise<Payment> => {
        const { home, id } = caller.merchant;
        const order = await orderByPlatformNo(t.database.db, 'payment', home, id, report.platformNo ?? '');
        return order?.kind === 'payment' ? order : assert.fail('no payment');
      };
      return { path: `/cashier/${tokens.make(await present())}`, present };
    },
    async callback(payment, reference, changes) {
      const about = { kind: 'payment', channelId: payment.channelId, reference } as const;
      const report = paymentAnswer({ amount: payment.amount, ...changes });
      const evidence = reportEvidence(about, 'callback', report, t.world.now());
      await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
    },
    view: async (path) => (JSON.parse(textOf(await visit(`${path}/state`))) as { state: string }).state,
    async close() {
      const books = await trialBalance(t.database.owner);
      await t.close();
      assert.deepEqual(books.findings, []);
    },
  };
}
