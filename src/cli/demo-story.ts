/** The stories of `kanal demo` and how one is played: order, payer, callback, books, notice, each step checked. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Pay, Report } from '../core/commands.ts';
import type { World } from '../core/world.ts';
import { sceneOf } from '../edge/serve.ts';
import { header, type Keys, type Protocol, type RequestWire } from '../protocols/protocol.ts';
import { barcodeOf, payAsk, payOutAsk, usualMethod } from './asks.ts';
import { agree, confirm } from './demo-agreement.ts';
import { isUnknown, loseReply } from './demo-lost-reply.ts';
import { ask, type Cast, Otherwise, type Stage, twinBehind, until } from './demo-stage.ts';
import { type Row, rows, call as askGateway } from './gateway.ts';
import { merchantSide, protocolGiven } from './parties.ts';
import { amountText, shown } from './table.ts';

export interface Story {
  readonly protocol: string;
  readonly title: string;
  readonly command: 'pay' | 'pay-out';
  /** The channel carries it out, and its answer gets lost. */
  readonly losesReply?: true;
}

/** One for each protocol that collects, one for each that pays out, and one in which an answer is lost. */
export function storiesOf(protocols: readonly Protocol[]): readonly Story[] {
  const till = protocols.find((protocol) => barcodeOf(protocol) !== null);
  const lost = till && {
    protocol: till.name,
    command: 'pay' as const,
    losesReply: true as const,
    title: `${till.name}: a merchant collects money, and the channel's answer is lost on its way`,
  };
  const stories = protocols.flatMap(({ name, title, endpoints }): Story[] => [
    { protocol: name, command: 'pay' as const, title: `${name}: a merchant collects money (${title.en})` },
    ...(endpoints.some(({ command }) => command === 'pay-out')
      ? [{ protocol: name, command: 'pay-out' as const, title: `${name}: a merchant pays out (${title.en})` }]
      : []),
  ]);
  return lost ? [...stories, lost] : stories;
}

export interface Step {
  readonly text: string;
  readonly ok: boolean;
  readonly tookMs: number;
}

/** → did everything go as told? Each step is told as it ends. */
export async function play(story: Story, stage: Stage, told: (step: Step) => void): Promise<boolean> {
  let began = stage.world.monotonic();
  const step = (text: string, ok = true) => {
    told({ text, ok, tookMs: Math.round(stage.world.monotonic() - began) });
    began = stage.world.monotonic();
  };
  try {
    const cast = castOf(story, stage);
    const needsAgreement = story.command === 'pay' && !story.losesReply && usualMethod(cast.protocol) === 'quick-pay';
    const use = needsAgreement ? await agree(stage, cast) : story.losesReply ? barcodeOf(cast.protocol) : null;
    const lost = story.losesReply ? await loseReply(stage, cast) : null;
    if (lost)
      step(`order ${cast.orderNo}: the bank is told to carry it out, to lose its answer and to call nobody back`);
    if (needsAgreement) step('the card holder agrees: signed, an SMS read, confirmed');
    const placing = place(story, stage, cast, use ?? {});
    // While the till still waits for its answer.
    const [placed] = await Promise.all([placing, lost && isUnknown(stage, cast).then((text) => step(text))]);
    step(lost ? `the merchant's call ends with the truth: ${placed.isPaid ? 'paid' : 'not decided yet'}` : placed.text);
    if (placed.confirmNo !== null) {
      const isPaid = await confirm(stage, cast, placed.confirmNo);
      step(`the card holder confirms with the code of an SMS${isPaid ? ': paid' : ''}`);
    } else if (story.command === 'pay' && !placed.isPaid && !lost) step(await bePayer(stage, cast));
    const order = await ending(stage, cast);
    if (lost) step(await lost.told(order));
    else step(`the channel's word has arrived: the order is ${shown(order['state'])}`);
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
    orderNo: orderNumber(),
    notices: [],
    list: story.command === 'pay' ? 'payments' : 'payouts',
    happyEnd: story.command === 'pay' ? 'paid' : 'succeeded',
  };
}

/** Some protocols want the day before anything else in a number. */
function orderNumber(): string {
  const day = new Date(Date.now() + chinaMs).toISOString().slice(0, 10).replaceAll('-', '');
  return `${day}DEMO${randomBytes(4).toString('hex')}`;
}

const chinaMs = 8 * 3_600_000;

interface Placed {
  readonly text: string;
  readonly isPaid: boolean;
  /** To be confirmed with the code of an SMS. */
  readonly confirmNo: string | null;
}

/** The merchant's signed request, and what it is told. */
async function place(story: Story, stage: Stage, cast: Cast, use: Partial<Pay>): Promise<Placed> {
  const { protocol, orderNo, notices } = cast;
  const url = stage.mailbox.box(orderNo, (wire) => {
    notices.push(wire);
    return protocol.ack.seal('taken');
  });
  const notify = { kind: 'http' as const, url };
  const report =
    story.command === 'pay'
      ? await ask(stage, cast, 'pay', payAsk(protocol, orderNo, { ...use, notify }))
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
    confirmNo: report.kind === 'payment' ? report.instruction.confirmNo : null,
  };
}

async function bePayer(stage: Stage, { list, orderNo }: Cast): Promise<string> {
  const twin = await twinBehind(stage, list, orderNo);
  const response = await fetch(`${twin.controlUrl}/_twin/pay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reference: orderNo }),
  });
  if (!response.ok) throw new Otherwise(`the payer could not pay: ${await response.text()}`);
  return 'the payer pays at the bank; the bank calls the gateway back';
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
