/**
 * The hosted payment page: `GET /cashier/{token}` and the actions below it, and the files in `/assets/`. The token is all a
 * payer has; nothing in the address can change what is owed (T084, T085).
 */
import { arranged, type Device, type Offer } from '../../core/desk-offers.ts';
import type { Key, Payment } from '../../core/order.ts';
import { Refusal } from '../../core/refusal.ts';
import { chooseMethod, nameOfOption, needsPhone, offersFor } from '../../flows/choose-method.ts';
import { cardStep, codeStep, confirmCard, confirmDesk, resendDesk, signCard } from '../../flows/desk-card.ts';
import type { Gate } from '../../flows/gate.ts';
import { leaveChoice, mayLeave } from '../../flows/leave-choice.ts';
import { orderByKey } from '../../store/orders.ts';
import type { Assets } from '../assets.ts';
import type { Room, WebReply, WebRequest } from '../web.ts';
import { readCard, readCode, readCredit, readForm, readPick } from './forms.ts';
import { guards, pageReply } from './guards.ts';
import { oneCodeAddress } from './one-code.ts';
import { type Frame, type Note, type Scene, isNote, paymentPage, plainPage } from './page.ts';
import { qrPng } from './qr.ts';
import { shopLink } from './shop-link.ts';
import { viewOf } from './view.ts';
import { stateText, type Watch } from './watch.ts';
import { languageOf } from './words.ts';

export interface CashierPorts {
  /** The payment a token was made for; null for anything else. */
  openToken(token: string): Key | null;
  readonly assets: Assets;
  readonly watch: Watch;
  /** Shows the sandbox strip and lets payers go to http pages of this machine. */
  readonly isSandbox: boolean;
}

export function cashier(gate: Gate, ports: CashierPorts): Room {
  return async (request) => {
    const asset = ports.assets.answer(request);
    if (asset) return asset;
    const place = /^\/cashier(?:\/([^/]*)(?:\/(.*))?)?$/.exec(request.path);
    if (!place) return null;
    const [, token = '', action = ''] = place;
    const frame = frameOf(ports, request);
    try {
      return await answer(gate, ports, frame, request, token, action);
    } catch (error) {
      gate.world.log.error('cashier-failed', {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      return pageReply(500, plainPage(frame, 'broken'));
    }
  };
}

export function frameOf({ assets, isSandbox }: Pick<CashierPorts, 'assets' | 'isSandbox'>, request: WebRequest): Frame {
  const { headers, query } = request;
  return {
    assets,
    isSandbox,
    device: deviceOf(headers),
    language: languageOf(query.get('lang'), headers['accept-language'] ?? ''),
  };
}

/** What the browser says of itself: it only decides what comes first. */
function deviceOf(headers: Readonly<Record<string, string>>): Device {
  if (headers['sec-ch-ua-mobile'] === '?1') return 'phone';
  return /Mobi|Android|iPhone|iPad/i.test(headers['user-agent'] ?? '') ? 'phone' : 'computer';
}

interface Visit {
  readonly gate: Gate;
  readonly watch: Watch;
  readonly frame: Frame;
  readonly request: WebRequest;
  readonly path: string;
  readonly payment: Payment;
}

interface Look {
  readonly method: 'GET';
  answer(visit: Visit): WebReply | Promise<WebReply>;
}

/** Something the payer does. What it comes to is shown by the page that follows. */
interface Deed {
  readonly method: 'POST';
  /** What the page says afterwards; null = what it shows says it all. May throw Refusal. */
  act(visit: Visit, form: URLSearchParams): Promise<Note | null> | Note;
  /** Where else than to the page itself. */
  readonly way?: string;
  /** Asks the channel each time: of one payment's, one at a time, or an impatient finger becomes a flood there. */
  readonly asksChannel?: true;
}

const actions: Readonly<Record<string, Look | Deed>> = {
  '': { method: 'GET', answer: show },
  state: { method: 'GET', answer: state },
  events: { method: 'GET', answer: ({ watch, payment }) => watch.reply(payment) },
  'qr.png': { method: 'GET', answer: picture },
  choose: { method: 'POST', act: choose },
  card: { method: 'POST', act: giveCard, way: 'card' },
  'card-code': { method: 'POST', act: giveCardCode, way: 'card' },
  code: { method: 'POST', act: giveCode, asksChannel: true },
  resend: { method: 'POST', act: sendAgain, asksChannel: true },
  leave: { method: 'POST', act: leave, asksChannel: true },
};

async function answer(
  gate: Gate,
  ports: CashierPorts,
  frame: Frame,
  request: WebRequest,
  token: string,
  action: string,
): Promise<WebReply> {
  const key = ports.openToken(token);
  const payment = key && (await orderByKey(gate.db, 'payment', key));
  const row = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (payment?.kind !== 'payment' || row === undefined) return pageReply(404, plainPage(frame, 'missing'));
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (method !== row.method)
    return pageReply(405, plainPage(frame, 'refused'), { allow: row.method === 'GET' ? 'GET, HEAD' : 'POST' });
  const visit = { gate, watch: ports.watch, frame, request, path: `/cashier/${token}`, payment };
  return row.method === 'GET' ? row.answer(visit) : perform(visit, row);
}

async function show(visit: Visit): Promise<WebReply> {
  const { gate, frame, request, path, payment } = visit;
  const now = gate.world.now();
  const merchant = gate.directory().merchants.get(payment.merchantId);
  const note = request.query.get('note');
  const view = viewOf(payment, now);
  const offers = view === 'choose' ? offersHere(visit) : [];
  const hasCode = view === 'waiting' && payment.method === 'quick-pay' && payment.instruction.confirmNo !== null;
  return pageReply(
    200,
    paymentPage(frame, {
      payment,
      merchantName: merchant?.name ?? '',
      shop: shopLink(payment, merchant, frame.isSandbox),
      optionName: nameOfOption(payment),
      offers,
      oneCode: view === 'choose' ? oneCodeAddress(gate, payment) : null,
      card: await cardOf(visit, offers),
      code: hasCode ? await codeStep(gate, payment) : null,
      mayLeave: view === 'waiting' && mayLeave(gate, payment),
      note: isNote(note) ? note : null,
      path,
      now,
    }),
  );
}

function offersHere({ gate, payment, frame: { device } }: Visit): readonly Offer[] {
  const { amount, detail } = payment;
  return arranged(offersFor(gate, payment), { device, country: detail.payer.country, amount });
}

/** A card that was begun with is gone on with, unless the payer asks for the list. */
async function cardOf({ gate, payment, request }: Visit, offers: readonly Offer[]): Promise<Scene['card']> {
  const way = request.query.get('way');
  if (way === 'list' || !offers.some(({ method }) => method === 'quick-pay')) return null;
  const step = await cardStep(gate, payment);
  const isWanted = way === 'card' || way === 'new-card' || step.kind !== 'card';
  return isWanted ? { step, isAnew: way === 'new-card' } : null;
}

/** For a script that gets no stream. */
function state({ gate, payment }: Visit): WebReply {
  const body = stateText(payment, gate.world.now());
  return { status: 200, headers: { ...guards, 'content-type': 'application/json' }, body };
}

/** The code as a file, for phones that cannot scan their own screen. */
function picture({ gate, frame, payment }: Visit): WebReply {
  const view = viewOf(payment, gate.world.now());
  const own = view === 'waiting' && payment.method === 'qr' ? payment.instruction.payCode : null;
  const text = view === 'choose' ? oneCodeAddress(gate, payment) : own;
  const png = text === null ? null : qrPng(text);
  if (png === null) return pageReply(404, plainPage(frame, 'missing'));
  const headers = {
    ...guards,
    'content-type': 'image/png',
    'content-disposition': 'attachment; filename="payment-qr.png"',
  };
  return { status: 200, headers, body: png };
}

async function perform(visit: Visit, deed: Deed): Promise<WebReply> {
  const { gate, frame, request, payment } = visit;
  if (!isFromOurPage(gate, request, payment)) return pageReply(403, plainPage(frame, 'refused'));
  const form = readForm(request);
  if (form === null) return pageReply(400, plainPage(frame, 'refused'));
  try {
    const note = deed.asksChannel
      ? await alone(gate, payment, () => deed.act(visit, form))
      : await deed.act(visit, form);
    return backTo(visit, note, deed.way);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.detail.why === 'not-a-choice') return pageReply(400, plainPage(frame, 'refused'));
    return backTo(visit, noteOf(error), deed.way);
  }
}

const asking = new WeakMap<Gate, Set<bigint>>();

/** `busy` while another of the same payment is under way in this process. */
async function alone(gate: Gate, { id }: Payment, act: () => Promise<Note | null> | Note): Promise<Note | null> {
  const present = asking.get(gate) ?? new Set();
  asking.set(gate, present);
  if (present.has(id)) return 'busy';
  present.add(id);
  try {
    return await act();
  } finally {
    present.delete(id);
  }
}

async function choose({ gate, payment }: Visit, form: URLSearchParams): Promise<Note | null> {
  const pick = readPick(form);
  if (pick === null) throw new Refusal('invalid-request', { why: 'not-a-choice' });
  if (pick === 'phone' || (pick.phone === null && needsPhone(payment, pick.method))) return 'phone';
  await chooseMethod(gate, payment, pick);
  return null;
}

async function giveCard({ gate, payment }: Visit, form: URLSearchParams): Promise<Note | null> {
  const card = readCard(form);
  if (card === null) return 'card';
  await signCard(gate, payment, card);
  return null;
}

/** Without a code where the card is signed already: then only the payment is begun. */
async function giveCardCode({ gate, payment }: Visit, form: URLSearchParams): Promise<Note | null> {
  const [code, credit] = [form.has('code') ? readCode(form) : '', readCredit(form)];
  if (code === null) return 'code';
  if (credit === null) return 'card';
  await confirmCard(gate, payment, code, credit);
  return null;
}

async function giveCode({ gate, payment }: Visit, form: URLSearchParams): Promise<Note | null> {
  const code = readCode(form);
  if (code === null) return 'code';
  await confirmDesk(gate, payment, code);
  return null;
}

async function sendAgain({ gate, payment }: Visit): Promise<Note> {
  await resendDesk(gate, payment);
  return 'sent';
}

async function leave({ gate, payment }: Visit): Promise<null> {
  await leaveChoice(gate, payment);
  return null;
}

/** What the page will say; where it shows the state anyway, nothing. */
function noteOf({ code, detail }: Refusal): Note | null {
  if (detail.why === 'too-soon') return 'soon';
  if (detail.why === 'many-texts') return 'texts';
  if (detail.why === 'code') return 'code';
  if (code === 'conflict') return detail.why === 'chosen-already' ? 'taken' : null;
  if (code === 'busy') return 'busy';
  return code === 'outcome-unknown' ? null : 'refused';
}

/** 303: reloading the page that follows does not do it again. */
function backTo({ frame, path }: Visit, note: Note | null, way?: string): WebReply {
  const more = `${way === undefined ? '' : `&way=${way}`}${note === null ? '' : `&note=${note}`}`;
  const location = `${path}?lang=${frame.language}${more}`;
  return { status: 303, headers: { ...guards, location, 'content-type': 'text/plain; charset=utf-8' }, body: '' };
}

/**
 * Browsers say where a form came from; another site's form is refused. A request without any such header was not made by
 * a browser, so there is nobody whose visit could be abused.
 */
function isFromOurPage(gate: Gate, { headers }: WebRequest, payment: Payment): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const from = headers['origin'] ?? headers['referer'];
  if (from === undefined) return true;
  if (!URL.canParse(from)) return false;
  const desk = gate.deskUrl(payment);
  const ours = [headers['host'], desk !== null && URL.canParse(desk) ? new URL(desk).host : undefined];
  return ours.includes(new URL(from).host);
}
