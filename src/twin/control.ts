/** The control API of a twin (`/_twin/…`) and its payer page. Loopback, no login: sandbox only. docs/twins.md shows each call. */
import { JsonError, Obj, parseObject } from '../protocols/json.ts';
import { header, type ReplyWire, type RequestWire } from '../protocols/protocol.ts';
import { amountMember, flagMember, parseCallback, PlanError, textMember } from './faults.ts';
import { executionOf, isOutcome, type TwinOrder } from './order.ts';
import { nothingToPay, ordersPage, payerPage } from './page.ts';
import type { Twin } from './twin.ts';

type Action = (twin: Twin, call: Call) => Promise<ReplyWire>;

interface Call {
  readonly query: URLSearchParams;
  readonly wire: RequestWire;
}

const actions: Readonly<Record<string, Action>> = {
  'GET /_twin/plan': async (twin) => json(200, twin.plans.list()),
  'POST /_twin/plan': async (twin, call) => json(200, await twin.addPlan(bodyOf(call))),
  'DELETE /_twin/plan': async (twin, { query }) => {
    const id = query.get('id');
    if (id !== null && !/^[0-9]{1,19}$/.test(id)) throw new PlanError('id must be a plan’s id');
    await twin.plans.remove(id);
    return json(200, twin.plans.list());
  },
  'GET /_twin/executions': async (twin, { query }) => {
    const all = await twin.executions();
    const wanted = query.get('reference');
    return json(
      200,
      all.filter(({ reference }) => wanted === null || reference === wanted),
    );
  },
  'GET /_twin/requests': async (twin, { query }) => json(200, await twin.requests(limitOf(query))),
  'GET /_twin/orders': async (twin, { query }) => json(200, (await twin.orders(limitOf(query))).map(shownOrder)),
  'GET /_twin/statement': async (twin, { query }) => json(200, await twin.statement(dayOf(query))),
  'GET /_twin/bill': async (twin, { query }) => csv(await twin.bill(dayOf(query))),
  'GET /_twin/statement.csv': async (twin, { query }) => csv(await twin.statementFile(dayOf(query))),
  'GET /_twin/sms': async (twin, { query }) => {
    const sms = await twin.smsOf(query.get('reference') ?? '');
    return sms === null ? problem(404, 'no SMS code for that reference') : json(200, sms);
  },
  'POST /_twin/pay': pay,
  'POST /_twin/callback': callBack,
  'GET /': orders,
  'GET /pay': (twin, call) => (call.query.has('code') ? payer(twin, call.query.get('code') ?? '') : orders(twin)),
  // The address in a one-code payload leads to the same page.
  'GET /online/pay/': (twin, { query }) => payer(twin, query.get('tradeNo') ?? ''),
  'POST /pay': payByForm,
};

const newest = 30;

async function orders(twin: Twin): Promise<ReplyWire> {
  const all = await twin.orders(newest);
  return ordersPage(
    twin.name,
    all.filter(({ kind }) => kind !== 'agreement'),
  );
}

async function payer(twin: Twin, code: string): Promise<ReplyWire> {
  const order = await twin.order(code);
  return order === null ? nothingToPay(code) : payerPage(order, code);
}

/** Answers one control request. Never throws. */
export async function control(twin: Twin, wire: RequestWire): Promise<ReplyWire> {
  const url = new URL(wire.target, 'http://twin');
  const action = actions[`${wire.method} ${url.pathname}`];
  if (action === undefined) return problem(404, `use one of ${Object.keys(actions).join(', ')}`);
  if (isForeign(wire)) return problem(403, 'only from this machine, and from no other site');
  try {
    return await action(twin, { query: url.searchParams, wire });
  } catch (error) {
    if (error instanceof PlanError) return problem(400, error.message);
    throw error;
  }
}

/** A web page somewhere must not steer the sandbox through the browser of whoever runs it. */
function isForeign(wire: RequestWire): boolean {
  const host = (header(wire, 'host') ?? '').replace(/:\d+$/, '');
  const site = header(wire, 'sec-fetch-site');
  const isLocal = ['localhost', '[::1]'].includes(host) || /^127(?:\.\d{1,3}){3}$/.test(host);
  return !isLocal || (wire.method !== 'GET' && (site === 'cross-site' || site === 'same-site'));
}

function json(status: number, value: unknown): ReplyWire {
  const body = new TextEncoder().encode(`${JSON.stringify(value, textOfBigint)}\n`);
  return { kind: 'reply', status, headers: [['content-type', 'application/json']], body };
}

function csv(text: string): ReplyWire {
  const body = new TextEncoder().encode(text);
  return { kind: 'reply', status: 200, headers: [['content-type', 'text/csv; charset=utf-8']], body };
}

function textOfBigint(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function problem(status: number, error: string): ReplyWire {
  return json(status, { error });
}

function bodyOf({ wire }: Call): Obj {
  try {
    const body = parseObject(wire.body);
    if (body !== null) return body;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new PlanError(`the body is no JSON: ${error.message}`);
  }
  throw new PlanError('the body must be a JSON object');
}

function dayOf(query: URLSearchParams): string {
  const day = query.get('day') ?? '';
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(day)))
    throw new PlanError('day must be a date, YYYY-MM-DD');
  return day;
}

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit') ?? '1000';
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new PlanError('limit must be a whole number');
  return Number(text);
}

/** What `_twin/pay`, `_twin/callback` and `_twin/orders` say about an order. Amounts are smallest units as text. */
function shownOrder(order: TwinOrder) {
  const { upstreamNo, payCode, confirmNo, method, option, paymentReference, refunded, next } = order;
  return {
    ...executionOf(order),
    ordered: order.amount.minor,
    refunded,
    upstreamNo,
    payCode,
    confirmNo,
    method,
    option,
    paymentReference,
    createdAt: order.createdAt,
    finishedAt: order.finishedAt,
    next,
  };
}

/** Any member that names an order: they all find it. */
async function orderOf(twin: Twin, body: Obj): Promise<TwinOrder | null> {
  const names = ['reference', 'code', 'merchantOrderNo', 'platformNo', 'paysn'];
  const numbers = names.map((name) => textMember(body, name)).filter((number) => number !== null);
  if (numbers.length === 0) throw new PlanError('reference or code is required');
  for (const number of numbers) {
    const order = (await twin.order(number)) ?? (await twin.order(codeIn(number)));
    if (order !== null) return order;
  }
  return null;
}

/** Somebody may give the address of the payer's page instead of the code in it. */
function codeIn(text: string): string {
  return URL.canParse(text) ? (new URL(text).searchParams.get('code') ?? text) : text;
}

async function pay(twin: Twin, call: Call): Promise<ReplyWire> {
  const body = bodyOf(call);
  const outcome = textMember(body, 'outcome') ?? 'paid';
  const amount = amountMember(body, 'amount');
  const again = flagMember(body, 'again') ?? false;
  if (!isOutcome(outcome) || outcome === 'pending') throw new PlanError('outcome must be paid, declined or cancelled');
  const order = await orderOf(twin, body);
  if (order === null) return problem(404, 'no such order');
  const paid = await twin.pay(order, { outcome, amount: amount === null ? null : BigInt(amount), again });
  return paid === null ? problem(409, `the order is ${order.outcome}`) : json(200, shownOrder(paid));
}

async function callBack(twin: Twin, call: Call): Promise<ReplyWire> {
  const body = bodyOf(call);
  const order = await orderOf(twin, body);
  if (order === null) return problem(404, 'no such order');
  const fault = parseCallback(body);
  const amount = amountMember(body, 'amount');
  const sent = await twin.callBack(order, { ...fault, wrongAmount: amount ?? fault.wrongAmount });
  if (sent === null) return problem(409, `this protocol tells nothing about ${fault.status ?? order.outcome}`);
  return json(200, { ...shownOrder(order), sent });
}

async function payByForm(twin: Twin, { wire }: Call): Promise<ReplyWire> {
  const form = new URLSearchParams(Buffer.from(wire.body).toString('utf8'));
  const code = form.get('code') ?? '';
  const outcome = form.get('outcome') ?? '';
  const order = await twin.order(code);
  if (order === null) return nothingToPay(code);
  // A page that was left open must not pay what is over.
  if (isOutcome(outcome) && order.outcome === 'pending') await twin.pay(order, { outcome, amount: null, again: false });
  return {
    kind: 'reply',
    status: 303,
    headers: [['location', `/pay?code=${encodeURIComponent(code)}`]],
    body: new Uint8Array(0),
  };
}
