/** The operator API over a real database: two demo merchants with an order each, tokens of every kind, and a way to ask. */
import assert from 'node:assert/strict';
import { money } from '../../src/core/money.ts';
import { makeAdmissions } from '../../src/edge/admission.ts';
import { issueToken } from '../../src/flows/administer.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { channelProtocols, merchantProtocols } from '../../src/protocols/all.ts';
import { insertCallbacks, insertReviews } from '../../src/store/settle.ts';
import type { Role } from '../../src/store/tokens.ts';
import { operatorApi } from '../../src/web/api/api.ts';
import type { Method } from '../../src/web/route-table.ts';
import { makeInspections } from '../../src/wiring/inspections.ts';
import { answering, payAsk, paymentAnswer, rowsOf, type TestGate, testGate } from '../gate.ts';

export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly json: unknown;
}

/** What exists of a merchant: ids that another merchant's token must not find. */
export interface Belongings {
  readonly merchant: string;
  readonly order: string;
  readonly orderNo: string;
  readonly notice: string;
  readonly review: string;
  readonly credential: string;
}

export interface OperatorScene {
  readonly t: TestGate;
  readonly a: Belongings;
  readonly b: Belongings;
  ask(
    token: string,
    method: Method,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    mode?: 'sandbox' | 'production',
  ): Promise<Answered>;
  token(role: Role, merchant?: string): Promise<string>;
  close(): Promise<void>;
}

function isFile(body: unknown): body is Uint8Array {
  return body instanceof Uint8Array;
}

async function textOf(body: string | Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return Buffer.from(body).toString('utf8');
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

export async function operatorScene(): Promise<OperatorScene> {
  const t = await testGate(() =>
    Promise.resolve({ kind: 'ANSWER', status: 404, headers: {}, body: new Uint8Array(0), truncated: false }),
  );
  const { gate, world, vault, keyring } = t;
  const desk = {
    gate,
    admissions: makeAdmissions({
      vault,
      nonce: (bytes) => world.nonce(bytes),
      now: () => world.now(),
      merchantProtocols,
      channelProtocols,
    }),
    inspections: makeInspections(gate, keyring),
    sandbox: () => Promise.resolve({ baseUrl: 'http://127.0.0.1:8080' }),
  };
  const rooms = { sandbox: operatorApi(desk), production: operatorApi({ ...desk, sandbox: null }) };
  const tokens = new Map<string, string>();
  return {
    t,
    a: await belongings(t, 0),
    b: await belongings(t, 1),
    async ask(token, method, path, body, headers = {}, mode = 'sandbox') {
      const [pathname = '', query = ''] = path.split('?');
      const reply = await rooms[mode]({
        method,
        path: `/admin/v1${pathname}`,
        query: new URLSearchParams(query),
        headers: {
          ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': isFile(body) ? 'text/csv' : 'application/json' }),
          ...headers,
        },
        body: isFile(body)
          ? body
          : Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)),
        remote: '127.0.0.1',
      });
      assert.ok(reply, `${method} ${path} is a path of the operator API`);
      const text = await textOf(reply.body);
      return { status: reply.status, text, json: JSON.parse(text) };
    },
    async token(role, merchant) {
      const key = `${role}/${merchant ?? '*'}`;
      const known = tokens.get(key);
      if (known !== undefined) return known;
      const merchantId = merchant === undefined ? null : BigInt(merchant);
      const { token } = await issueToken({ gate }, 'test', { name: key, role, merchantId });
      tokens.set(key, token);
      return token;
    },
    close: () => t.close(),
  };
}

/** A paid order with its notice, a callback and an open review. */
async function belongings(t: TestGate, index: 0 | 1): Promise<Belongings> {
  const caller = t.caller(index, 'payin');
  t.script(answering('pay', paymentAnswer()));
  const ask = payAsk();
  await pay(t.gate, caller, ask, Buffer.from(ask.orderNo));
  const [payment] = await rowsOf(t.database, `select * from kanal.payments where order_no = '${ask.orderNo}'`);
  assert.ok(payment);
  const [home, id, channelId] = [Number(payment['home']), payment['id'] as bigint, payment['channel_id'] as bigint];
  const about = { kind: 'payment', channelId, reference: String(payment['reference']) } as const;
  const paid = paymentAnswer({ state: 'paid', paid: money(20_000n, 'IDR') });
  const evidence = reportEvidence(about, 'callback', paid, t.world.now());
  await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
  const [at, objectKind] = [t.world.now(), 'payment'] as const;
  const raw = { method: 'POST', target: '/listen/1?encrypt=0123456789abcdef', headers: [], body: '{"sign":"S3CR3T"}' };
  await insertCallbacks(t.gate.db, [
    { ...raw, home, id: t.world.newId(), channelId, at, verdict: 'changed', objectKind, objectId: id },
  ]);
  const reviewId = t.world.newId();
  const review = { reason: 'test', detail: {} };
  await insertReviews(t.gate.db, [{ home, id: reviewId, review, objectKind, objectId: id, channelId, at }]);
  const [notice] = await rowsOf(t.database, `select id from kanal.notices where object_id = ${id}`);
  return {
    merchant: String(caller.merchant.id),
    order: String(id),
    orderNo: ask.orderNo,
    notice: String(notice?.['id']),
    review: String(reviewId),
    credential: String(caller.credential.id),
  };
}

/** An id of the right form that nothing has. */
export const nowhere = '987654321987654321';
