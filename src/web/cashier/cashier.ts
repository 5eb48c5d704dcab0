/**
 * The hosted payment page: `GET /cashier/{token}`, `POST /cashier/{token}/choose`, `GET /cashier/{token}/state`, and the
 * files in `/assets/`. The token is all a payer has; nothing in the address can change what is owed (T084, T085).
 */
import { type Method, methods } from '../../core/commands.ts';
import type { Key, Payment } from '../../core/order.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Pick, chooseMethod, nameOfOption, needsPhone, offersFor } from '../../flows/choose-method.ts';
import type { Gate } from '../../flows/gate.ts';
import { orderByKey } from '../../store/orders.ts';
import type { Assets } from '../assets.ts';
import type { Room, WebReply, WebRequest } from '../web.ts';
import { pageReply, guards } from './guards.ts';
import { type Frame, type Note, isNote, paymentPage, plainPage } from './page.ts';
import { shopLink } from './shop-link.ts';
import { viewOf } from './view.ts';
import { type Watch, stateText } from './watch.ts';
import { languageOf } from './words.ts';

export interface CashierPorts {
  /** The payment a token was made for; null for anything else. */
  openToken(token: string): Key | null;
  readonly assets: Assets;
  readonly watch: Watch;
  /** Shows the sandbox strip and lets payers go to http pages of this machine. */
  readonly isSandbox: boolean;
}

const maxFormBytes = 2_048;

export function cashier(gate: Gate, ports: CashierPorts): Room {
  return async (request) => {
    const asset = ports.assets.answer(request);
    if (asset) return asset;
    const place = /^\/cashier(?:\/([^/]*)(?:\/(.*))?)?$/.exec(request.path);
    if (!place) return null;
    const [, token = '', action = ''] = place;
    const frame: Frame = {
      assets: ports.assets,
      isSandbox: ports.isSandbox,
      language: languageOf(request.query.get('lang'), request.headers['accept-language'] ?? ''),
    };
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

type Answer = (visit: Visit) => WebReply | Promise<WebReply>;

interface Visit {
  readonly gate: Gate;
  readonly watch: Watch;
  readonly frame: Frame;
  readonly request: WebRequest;
  readonly path: string;
  readonly payment: Payment;
}

const actions: Readonly<Record<string, { readonly method: 'GET' | 'POST'; readonly answer: Answer }>> = {
  '': { method: 'GET', answer: show },
  state: { method: 'GET', answer: state },
  events: { method: 'GET', answer: events },
  choose: { method: 'POST', answer: choose },
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
  if (method !== row.method) return pageReply(405, plainPage(frame, 'refused'), { allow: row.method });
  return row.answer({ gate, watch: ports.watch, frame, request, path: `/cashier/${token}`, payment });
}

function show({ gate, frame, request, path, payment }: Visit): WebReply {
  const now = gate.world.now();
  const merchant = gate.directory().merchants.get(payment.merchantId);
  const note = request.query.get('note');
  return pageReply(
    200,
    paymentPage(frame, {
      payment,
      merchantName: merchant?.name ?? '',
      shop: shopLink(payment, merchant, frame.isSandbox),
      optionName: nameOfOption(payment),
      offers: viewOf(payment, now) === 'choose' ? offersFor(gate, payment) : [],
      note: isNote(note) ? note : null,
      path,
      now,
    }),
  );
}

/** For a script that gets no stream. */
function state({ gate, payment }: Visit): WebReply {
  const body = stateText(payment, gate.world.now());
  return { status: 200, headers: { ...guards, 'content-type': 'application/json' }, body };
}

function events({ watch, payment }: Visit): WebReply {
  return watch.reply(payment);
}

async function choose(visit: Visit): Promise<WebReply> {
  const { gate, frame, request, payment } = visit;
  if (!isFromOurPage(gate, request, payment)) return pageReply(403, plainPage(frame, 'refused'));
  const pick = readPick(request);
  if (pick === null) return pageReply(400, plainPage(frame, 'refused'));
  if (pick === 'phone' || (pick.phone === null && needsPhone(payment, pick.method))) return backTo(visit, 'phone');
  try {
    await chooseMethod(gate, payment, pick);
    return backTo(visit, null);
  } catch (error) {
    if (error instanceof Refusal) return backTo(visit, noteOf(error));
    throw error;
  }
}

/** What the page will say; where it shows the state anyway, nothing. */
function noteOf({ code, detail }: Refusal): Note | null {
  if (code === 'conflict') return detail.why === 'chosen-already' ? 'taken' : null;
  return code === 'outcome-unknown' ? null : 'refused';
}

/** 303: reloading the page that follows does not choose again. */
function backTo({ frame, path }: Visit, note: Note | null): WebReply {
  const location = `${path}?lang=${frame.language}${note === null ? '' : `&note=${note}`}`;
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

/** Null when it is not the form of our page; `phone` when the number in it cannot be one. */
function readPick({ body, headers }: WebRequest): Pick | 'phone' | null {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded' || body.byteLength > maxFormBytes) return null;
  const form = new URLSearchParams(new TextDecoder().decode(body));
  const method = form.get('method') ?? '';
  if (!isMethod(method)) return null;
  const typed = (form.get('phone') ?? '').replace(/[\s().-]/g, '').replace(/^\+/, '');
  if (typed !== '' && !/^\d{8,15}$/.test(typed)) return 'phone';
  return { method, option: form.get('option') || null, phone: typed === '' ? null : international(typed) };
}

function isMethod(text: string): text is Method {
  return (methods as readonly string[]).includes(text);
}

/** Wallets that are pushed to are Indonesian: 0812… is 62812…. */
function international(digits: string): string {
  return digits.startsWith('0') ? `62${digits.slice(1)}` : digits;
}
