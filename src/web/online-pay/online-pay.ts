/**
 * The one-code page: `GET /online/pay/?id=&tradeNo=&price=`, and `GET /online/pay/state` for its script. The order and its
 * amount come from the database; `price` is not even read (T085). The first wallet that opens it binds the channel.
 */
import type { WalletUser } from '../../core/commands.ts';
import type { Payment } from '../../core/order.ts';
import { Refusal } from '../../core/refusal.ts';
import { asksWhoPays, bindOneCode, walletsFor } from '../../flows/bind-one-code.ts';
import { offersFor } from '../../flows/choose-method.ts';
import type { Gate } from '../../flows/gate.ts';
import type { CredentialRow } from '../../store/directory.ts';
import { orderByPlatformNo } from '../../store/orders.ts';
import type { Assets } from '../assets.ts';
import { frameOf } from '../cashier/cashier.ts';
import { guards, pageReply } from '../cashier/guards.ts';
import { oneCodeAddress } from '../cashier/one-code.ts';
import { type Frame, plainPage } from '../cashier/page.ts';
import { shopLink } from '../cashier/shop-link.ts';
import { isOver, payerAddress, viewOf } from '../cashier/view.ts';
import { type Watch, stateText } from '../cashier/watch.ts';
import { isRead, type Room, type WebReply, type WebRequest } from '../web.ts';
import { type Shown, bridgePage, oneCodePage } from './page.ts';
import { walletOfAgent } from './wallet-app.ts';

export interface OnlinePayPorts {
  readonly assets: Assets;
  readonly watch: Watch;
  readonly isSandbox: boolean;
  /** Names of the protocols whose merchants have such pages. */
  readonly protocols: readonly string[];
  /** Our address as payers see it. */
  readonly publicUrl: () => string;
}

interface Visit {
  readonly gate: Gate;
  readonly ports: OnlinePayPorts;
  readonly frame: Frame;
  readonly request: WebRequest;
  readonly payment: Payment;
  readonly credential: CredentialRow;
}

export function onlinePay(gate: Gate, ports: OnlinePayPorts): Room {
  return async (request) => {
    const place = /^\/online\/pay(?:\/(state|events)?)?$/.exec(request.path);
    if (!place) return null;
    const frame = frameOf(ports, request);
    try {
      if (!isRead(request)) return pageReply(405, plainPage(frame, 'refused'), { allow: 'GET, HEAD' });
      const found = await find(gate, ports, request);
      if (!found) return pageReply(404, plainPage(frame, 'missing'));
      const visit = { gate, ports, frame, request, ...found };
      if (place[1] === 'events') return ports.watch.reply(found.payment);
      return place[1] === 'state' ? state(visit) : await show(visit);
    } catch (error) {
      gate.world.log.error('online-pay-failed', {
        error: error instanceof Error ? (error.stack ?? '') : String(error),
      });
      return pageReply(500, plainPage(frame, 'broken'));
    }
  };
}

/** By both numbers, or nothing: one of them alone opens no door. */
async function find(gate: Gate, { protocols }: OnlinePayPorts, { query }: WebRequest) {
  const [id, tradeNo] = [query.get('id') ?? '', query.get('tradeNo') ?? ''];
  for (const protocol of protocols) {
    const { senders, merchants } = gate.directory();
    const credential = senders.get(`${protocol}/${id}`);
    const merchant = credential && merchants.get(credential.merchantId);
    const home = gate.facts.homeOf(protocol, tradeNo);
    if (!credential || !merchant || home !== merchant.home) continue;
    const payment = await orderByPlatformNo(gate.db, 'payment', home, merchant.id, tradeNo);
    if (payment?.kind === 'payment' && payment.credentialId === credential.id && payment.method !== 'barcode')
      return { payment, credential };
  }
  return null;
}

/** The page's own address, on this host; whatever else stood in the link is left behind. */
function pathOf({ request, credential, payment }: Visit, more: Readonly<Record<string, string>> = {}): string {
  const kept = { id: credential.sender, tradeNo: payment.platformNo };
  const lang = request.query.get('lang');
  return `/online/pay/?${new URLSearchParams({ ...kept, ...(lang === null ? {} : { lang }), ...more }).toString()}`;
}

function shown(visit: Visit, payment: Payment, note: Shown['note'] = null): Shown {
  const { gate, request } = visit;
  const merchant = gate.directory().merchants.get(payment.merchantId);
  const poll = pathOf(visit).replace('/online/pay/?', '/online/pay/state?');
  return {
    payment,
    merchantName: merchant?.name ?? '',
    shop: shopLink(payment, merchant, visit.frame.isSandbox),
    wallet: walletOfAgent(request.headers['user-agent'] ?? ''),
    address: oneCodeAddress(gate, payment),
    cardPath: cardPathOf(gate, payment),
    wallets: payment.state === 'new' ? walletsFor(gate, payment) : [],
    note,
    path: pathOf(visit),
    poll,
    now: gate.world.now(),
  };
}

/** Whoever has no wallet here can pay with a card, where some route takes one. */
function cardPathOf(gate: Gate, payment: Payment): string | null {
  const desk = payment.state === 'new' ? gate.deskUrl(payment) : null;
  if (desk === null || !offersFor(gate, payment).some(({ method }) => method === 'quick-pay')) return null;
  return new URL(desk).pathname;
}

function state({ gate, payment }: Visit): WebReply {
  const body = stateText(payment, gate.world.now());
  return { status: 200, headers: { ...guards, 'content-type': 'application/json' }, body };
}

async function show(visit: Visit): Promise<WebReply> {
  const { gate, frame, request, payment } = visit;
  const wallet = walletOfAgent(request.headers['user-agent'] ?? '');
  const view = viewOf(payment, gate.world.now());
  // Only a wallet may bind, and only while somebody could still pay; whoever comes back from paying just looks.
  const isBegun = (view === 'waiting' || view === 'preparing') && payment.option === wallet;
  // Whoever only asks for the head of the page looks, and begins nothing.
  const mayPay = wallet !== null && request.method === 'GET' && (view === 'choose' || isBegun);
  const cardPath = view === 'choose' && walletsFor(gate, payment).length === 0 ? cardPathOf(gate, payment) : null;
  if (cardPath !== null) return redirect(`${cardPath}?lang=${frame.language}&way=card`);
  if (isOver(view) || !mayPay || request.query.has('back'))
    return pageReply(200, oneCodePage(frame, shown(visit, payment)));
  const asked = whoAsks(visit, wallet);
  if (typeof asked === 'string') return redirect(asked);
  try {
    const returnUrl = `${visit.ports.publicUrl()}${pathOf(visit, { back: '1' })}`;
    const bound = await bindOneCode(gate, payment, { wallet, user: asked, returnUrl });
    return startPaying(visit, bound);
  } catch (error) {
    if (error instanceof Refusal) return refused(visit, error);
    throw error;
  }
}

interface Identity {
  readonly url: string;
  readonly appId: string | null;
}

/** The merchant's own page that finds out who a payer is; null when there is none for the wallet. */
function identityOf({ credential }: Visit, wallet: string): Identity | null {
  const { settings } = credential;
  const row = { ALIPAY: ['alipayUserUrl', null], WECHAT: ['wechatUserUrl', 'wechatAppId'] } as const;
  if (wallet !== 'ALIPAY' && wallet !== 'WECHAT') return null;
  const [urlName, appName] = row[wallet];
  const url = settings[urlName] ?? '';
  return url === '' ? null : { url, appId: appName === null ? null : (settings[appName] ?? null) };
}

/** The payer, an address to send them to in order to find out, or null: not known, and not needed. */
function whoAsks(visit: Visit, wallet: string): WalletUser | string | null {
  const { gate, payment, request, ports } = visit;
  const identity = identityOf(visit, wallet);
  if (identity === null || !asksWhoPays(gate, payment, wallet, identity.appId)) return null;
  const userId = request.query.get('openId') ?? '';
  // Anybody may claim to be anybody here: it only decides whose wallet is asked to pay.
  if (/^[0-9A-Za-z_-]{1,128}$/.test(userId)) return { userId, appId: identity.appId };
  const back = new URLSearchParams({ redirect_uri: `${ports.publicUrl()}${pathOf(visit)}` }).toString();
  return `${identity.url}${identity.url.includes('?') ? '&' : '?'}${back}`;
}

function redirect(location: string): WebReply {
  return { status: 302, headers: { ...guards, location, 'content-type': 'text/plain; charset=utf-8' }, body: '' };
}

/** In the page where the wallet was called for this payer; else on the channel's own page. */
function startPaying(visit: Visit, bound: Payment): WebReply {
  const { frame, gate } = visit;
  const { payCode, payUrl } = bound.instruction;
  const present = shown(visit, bound);
  if (viewOf(bound, gate.world.now()) !== 'waiting') return pageReply(200, oneCodePage(frame, present));
  if (bound.method === 'in-app' && payCode !== null)
    return pageReply(200, bridgePage(frame, present, payCode, pathOf(visit, { back: '1' })));
  const link = payerAddress(payUrl ?? payCode, visit.ports.isSandbox);
  return link === null ? pageReply(200, oneCodePage(frame, present)) : redirect(link);
}

async function refused(visit: Visit, { code, detail }: Refusal): Promise<WebReply> {
  const { gate, ports, request, frame } = visit;
  const again = (await find(gate, ports, request))?.payment ?? visit.payment;
  const isFree = viewOf(again, gate.world.now()) === 'choose' && code !== 'outcome-unknown';
  const isOther = detail.why === 'other-wallet' || detail.why === 'not-offered';
  const note = isFree ? (isOther ? 'unknown-app' : 'refused') : null;
  return pageReply(200, oneCodePage(frame, shown(visit, again, note)));
}
