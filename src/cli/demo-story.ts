/** The stories of `kanal demo` and how one is played: order, payer, callback, books, notice, each step checked. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Ask, Report } from '../core/commands.ts';
import type { World } from '../core/world.ts';
import { outbound } from '../edge/call.ts';
import { endpointFor } from '../edge/call.ts';
import { sceneOf } from '../edge/serve.ts';
import { header, type Keys, type Protocol, type RequestWire } from '../protocols/protocol.ts';
import { payAsk, payOutAsk } from './asks.ts';
import type { Input } from './command.ts';
import { type Row, rows, call as askGateway } from './gateway.ts';
import type { Mailbox } from './mailbox.ts';
import { basePath, merchantSide, protocolGiven, type SandboxDocument } from './parties.ts';
import { amountText, shown } from './table.ts';

export interface Story {
  readonly protocol: string;
  readonly title: string;
  readonly command: 'pay' | 'pay-out';
}

/** One for each protocol that collects, and one for each that pays out. */
export function storiesOf(protocols: readonly Protocol[]): readonly Story[] {
  return protocols.flatMap(({ name, title, endpoints }) => [
    { protocol: name, command: 'pay' as const, title: `${name}: a merchant collects money (${title})` },
    ...(endpoints.some(({ command }) => command === 'pay-out')
      ? [{ protocol: name, command: 'pay-out' as const, title: `${name}: a merchant pays out (${title})` }]
      : []),
  ]);
}

export interface Step {
  readonly text: string;
  readonly ok: boolean;
  readonly tookMs: number;
}

export interface Stage {
  readonly input: Input;
  readonly document: SandboxDocument;
  readonly world: World;
  readonly mailbox: Mailbox;
}

/** What is known while the story goes on. */
interface Cast {
  readonly protocol: Protocol;
  readonly keys: Keys;
  readonly webhookSecret: string;
  readonly orderNo: string;
  readonly notices: RequestWire[];
  readonly list: 'payments' | 'payouts';
  readonly happyEnd: string;
}

/** Something did not go as told; the text ends the story. */
class Otherwise extends Error {}

const patienceMs = 20_000;
const lookEveryMs = 100;

/** → did everything go as told? Each step is told as it ends. */
export async function play(story: Story, stage: Stage, told: (step: Step) => void): Promise<boolean> {
  let began = stage.world.monotonic();
  const step = (text: string, ok = true) => {
    told({ text, ok, tookMs: Math.round(stage.world.monotonic() - began) });
    began = stage.world.monotonic();
  };
  try {
    const cast = castOf(story, stage);
    const placed = await place(story, stage, cast);
    step(placed.text);
    if (story.command === 'pay' && !placed.isPaid) step(await bePayer(stage, cast));
    const order = await ending(stage, cast);
    step(`the channel's word has arrived: the order is ${shown(order['state'])}`);
    step(await moved(stage, order));
    // Where the reply is the whole answer (a payment code at a till) there is no address to tell anything to.
    if (story.command === 'pay' && order['notifyUrl'] === null) step('no notice: the reply itself told the merchant');
    else step(await noticed(stage, cast));
    return true;
  } catch (error) {
    step(error instanceof Error ? error.message : String(error), false);
    return false;
  }
}

function castOf(story: Story, { document }: Stage): Cast {
  const protocol = protocolGiven(story.protocol);
  const [merchant] = document.merchants;
  const own = merchant?.protocols[protocol.name];
  if (!merchant || !own) throw new Otherwise(`no demo merchant speaks ${protocol.name}`);
  const { webhookSecret } = merchant;
  return {
    protocol,
    keys: merchantSide(protocol, own),
    webhookSecret,
    orderNo: `DEMO${randomBytes(7).toString('hex')}`,
    notices: [],
    list: story.command === 'pay' ? 'payments' : 'payouts',
    happyEnd: story.command === 'pay' ? 'paid' : 'succeeded',
  };
}

/** The merchant's signed request, and what it is told. */
async function place(story: Story, stage: Stage, cast: Cast): Promise<{ text: string; isPaid: boolean }> {
  const { protocol, orderNo, notices } = cast;
  const url = stage.mailbox.box(orderNo, (wire) => {
    notices.push(wire);
    return protocol.ack.seal('taken');
  });
  const notify = { kind: 'http' as const, url };
  const report =
    story.command === 'pay'
      ? await ask(stage, cast, 'pay', payAsk(protocol, orderNo, { notify }))
      : await ask(stage, cast, 'pay-out', payOutAsk(orderNo, { notify }));
  if (report.state !== 'pending' && report.state !== 'unknown' && report.state !== 'paid')
    throw new Otherwise(`the order came back as ${report.state}`);
  const amount = report.amount ? amountText(String(report.amount.minor), report.amount.currency) : null;
  const code = report.kind === 'payment' ? (report.instruction.payCode ?? report.instruction.payUrl) : null;
  const given =
    code === null ? '' : `, and gets a code for the payer: ${code.length > 44 ? `${code.slice(0, 44)}…` : code}`;
  const told = report.state === 'paid' ? ', paid at once' : given;
  return {
    text: `order ${orderNo}${amount === null ? '' : ` over ${amount}`}: signed, sent, accepted${told}`,
    isPaid: report.state === 'paid',
  };
}

async function ask<C extends 'pay' | 'pay-out'>(stage: Stage, { protocol, keys }: Cast, command: C, what: Ask<C>) {
  const { world, document } = stage;
  const endpoint = endpointFor(protocol, command, what);
  const row = protocol.endpoints.find(({ name }) => name === endpoint?.name);
  if (!endpoint || !row) throw new Otherwise(`${protocol.name} has no ${command} for this`);
  const url = `${document.baseUrl}${basePath(keys)}${endpoint.path}`;
  const scene = sceneOf(world, row, keys, null, url);
  const sent = await world.send(outbound(protocol.request.seal(endpoint.ask.write(what, scene), scene)), {
    connectTimeoutMs: 5_000,
    totalTimeoutMs: 30_000,
    maxResponseBytes: 262_144,
    targets: 'any',
  });
  if (sent.kind !== 'ANSWER') throw new Otherwise(`no answer: ${sent.why}`);
  const reply = protocol.reply.open(
    { kind: 'reply', status: sent.status, headers: Object.entries(sent.headers), body: sent.body },
    scene,
  );
  const verdict = protocol.judge(reply, scene);
  if (verdict.kind !== 'answered')
    throw new Otherwise(`the gateway said ${verdict.kind}: ${verdict.code} ${verdict.text}`);
  return endpoint.answer.read(reply, scene);
}

/** The twin behind the order's channel, and the order paid there. */
async function bePayer({ input, document }: Stage, { list, orderNo }: Cast): Promise<string> {
  const [order] = await rows(input, `/${list}?number=${orderNo}`);
  const channel = (await rows(input, '/channels')).find(({ id }) => id === order?.['channel']);
  const twin = document.twins[shown(channel?.['protocol'])];
  if (!twin) throw new Otherwise(`no twin stands behind the order's channel ${shown(order?.['channelName'])}`);
  const response = await fetch(`${twin.controlUrl}/_twin/pay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reference: orderNo }),
  });
  if (!response.ok) throw new Otherwise(`the payer could not pay: ${await response.text()}`);
  return 'the payer pays at the bank; the bank calls the gateway back';
}

async function until<T>(world: World, what: string, look: () => Promise<T | null>): Promise<T> {
  const end = world.monotonic() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (world.monotonic() > end) throw new Otherwise(`${what}: not within ${patienceMs / 1000} s`);
    await world.sleep(lookEveryMs);
  }
}

/** The order once it is decided; anything but the happy end is not what was told. */
async function ending({ input, world }: Stage, { list, orderNo, happyEnd }: Cast): Promise<Row> {
  const order = await until(world, `the order did not become ${happyEnd}`, async () => {
    const [row] = await rows(input, `/${list}?number=${orderNo}`);
    return row && row['finishedAt'] !== null ? row : null;
  });
  if (order['state'] !== happyEnd) throw new Otherwise(`the order ended as ${shown(order['state'])}`);
  return order;
}

/** The postings of the order, as a sentence. */
async function moved({ input }: Stage, order: Row): Promise<string> {
  const { timeline } = await askGateway(input, 'GET', `/orders/${shown(order['id'])}`);
  const entries: readonly Row[] = Array.isArray(timeline) ? timeline : [];
  const moves = entries.filter(({ what }) => what === 'move');
  if (moves.length === 0) throw new Otherwise('nothing was posted to the ledger');
  return `posted: ${moves.map((move) => `${shown(move['amount'])} ${shown(move['from'])} → ${shown(move['to'])}`).join('; ')}`;
}

/** The merchant's own check of what it was told: the protocol's signature, the webhook signature, the state. */
async function noticed({ world, input }: Stage, cast: Cast): Promise<string> {
  const { protocol, keys, orderNo, webhookSecret } = cast;
  const isEnd = (report: Report) => report.state === 'paid';
  const heard = await until(world, 'no notice of the end came', async () => {
    const reports = cast.notices.map((wire) => ({ wire, report: read(world, protocol, keys, wire) }));
    return reports.find(({ report }) => isEnd(report)) ?? null;
  });
  if (!isWebhookSigned(heard.wire, webhookSecret))
    throw new Otherwise('the webhook signature of the notice does not fit');
  await until(world, 'the notice was not marked as delivered', async () => {
    const found = await rows(input, `/notices?number=${orderNo}`);
    return found.some(({ state }) => state === 'done') ? true : null;
  });
  const paid = heard.report.amount;
  const amount = paid ? ` over ${amountText(String(paid.minor), paid.currency)}` : '';
  return `notice of ${heard.report.state}${amount} received: ${protocol.name}'s signature and the webhook signature fit, acknowledged, delivered`;
}

function read(world: World, protocol: Protocol, keys: Keys, wire: RequestWire): Report {
  const scene = sceneOf(world, null, keys, null);
  return protocol.readNotice(protocol.notice.open(wire, scene), scene);
}

/** Standard Webhooks: `v1,` and the Base64 of HMAC-SHA256 over id.timestamp.body. */
function isWebhookSigned(wire: RequestWire, secret: string): boolean {
  const [id, stamp, given] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    (name) => header(wire, name) ?? '',
  );
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${stamp}.`).update(wire.body).digest('base64');
  const [wanted, got] = [Buffer.from(`v1,${mac}`), Buffer.from(given ?? '')];
  return wanted.length === got.length && timingSafeEqual(wanted, got);
}
