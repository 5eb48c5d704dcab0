/** The one-code page's looks: the cashier's frame and summary, and a step of its own while nobody has begun to pay. */
import type { Payment } from '../../core/order.ts';
import type { Instant } from '../../core/world.ts';
import { heading } from '../cashier/marks.ts';
import { type Frame, framed, outcomeStep, refreshLink, summaryOf, titleOf } from '../cashier/page.ts';
import { qrCode } from '../cashier/qr.ts';
import { isOver, payerAddress, stampOf, viewOf } from '../cashier/view.ts';
import { wordsOf } from '../cashier/words.ts';
import { type Html, html } from '../html.ts';
import { nameOfWallet, walletApps } from './wallet-app.ts';
import { say } from './words.ts';

export interface Shown {
  readonly payment: Payment;
  readonly merchantName: string;
  readonly shop: string | null;
  /** The wallet the page is opened in; null = none we know. */
  readonly wallet: string | null;
  /** What a wallet is to scan, and where a card is taken; null = nothing. */
  readonly address: string | null;
  readonly cardPath: string | null;
  /** What can pay it while nobody has chosen. */
  readonly wallets: readonly string[];
  readonly note: 'refused' | 'unknown-app' | null;
  readonly path: string;
  /** Where the script asks for the state. */
  readonly poll: string;
  readonly now: Instant;
}

export function oneCodePage(frame: Frame, shown: Shown): Html {
  return page(frame, shown, stepOf(frame, shown), null);
}

/** The wallet is called by the page itself; the button is for wallets that want a touch first. */
export function bridgePage(frame: Frame, shown: Shown, value: string, back: string): Html {
  const { language } = frame;
  const name = nameOfWallet(shown.wallet) ?? '';
  const step = html`${heading('wait', say(language, 'startText', { name }))}<p><button type="button" class="button" data-bridge="${shown.wallet}" data-value="${value}" data-back="${back}">${say(language, 'start')}</button></p>`;
  return page(frame, shown, step, 'online-pay.js');
}

function page(frame: Frame, shown: Shown, step: Html, script: string | null): Html {
  const { payment, merchantName, now, path, poll } = shown;
  const words = wordsOf(frame.language);
  const over = isOver(viewOf(payment, now));
  return framed(frame, {
    title: titleOf(shown, words),
    path,
    poll: over ? null : { path: poll, events: poll.replace('/state?', '/events?'), stamp: stampOf(payment, now) },
    script,
    content: html`${summaryOf({ payment, merchantName, now }, frame.language)}<section class="step" aria-live="polite">${step}${over ? null : refreshLink(`${path}&back=1`, words)}</section>`,
  });
}

function stepOf(frame: Frame, shown: Shown): Html {
  const { language } = frame;
  const { payment, wallet, note, now, merchantName, shop } = shown;
  const view = viewOf(payment, now);
  if (view === 'choose' && wallet !== null && note === null) return tryAgain(frame, shown);
  if (view === 'choose') {
    const which = note === 'refused' ? 'refused' : 'open';
    return html`${heading('attention', say(language, `${which}Title`))}<p>${say(language, `${which}Text`, { names: namesFor(shown, language) })}</p>${codeFor(frame, shown)}${
      shown.cardPath !== null &&
      html`<p><a class="button quiet-button" href="${shown.cardPath}?lang=${language}&amp;way=card">${wordsOf(language)('cardTitle')}</a></p>`
    }`;
  }
  if (view !== 'waiting') return outcomeStep({ payment, merchantName, shop }, view, frame);
  const name = nameOfWallet(payment.option) ?? '';
  if (payment.option !== wallet)
    return html`${heading('attention', say(language, 'takenTitle', { name }))}<p>${say(language, 'takenText')}</p>`;
  const link = payerAddress(payment.instruction.payUrl ?? payment.instruction.payCode, frame.isSandbox);
  const words = wordsOf(language);
  return html`${heading('wait', words('waitingTitle'))}<p>${say(language, 'startText', { name })}</p>${
    link !== null && html`<p><a class="button" href="${link}" rel="noreferrer">${say(language, 'start')}</a></p>`
  }<p class="live">${words('waitingNote')}</p>`;
}

/** Back from the wallet, and nothing was paid: the choice is open again. */
function tryAgain({ language }: Frame, { payment, path, wallet }: Shown): Html {
  const words = wordsOf(language);
  const name = nameOfWallet(wallet) ?? '';
  const told = payment.reason === null ? say(language, 'startText', { name }) : words('chooseRefused');
  return html`${heading('wait', words('waitingTitle'))}<p>${told}</p><p><a class="button" href="${path}">${say(language, 'start')}</a></p>`;
}

/** On a computer, the page as a code: the wallet is on the phone beside it. */
function codeFor({ device, language }: Frame, { address, wallet }: Shown): Html | null {
  if (device === 'phone' || wallet !== null || address === null) return null;
  return html`<div class="qr-frame">${qrCode(address, wordsOf(language)('qrAlt'))}</div>`;
}

/** The wallets that can pay it; should none be left, the one it was made for, or all. */
function namesFor({ payment, wallets }: Shown, language: Frame['language']): string {
  const named = wallets.length > 0 ? wallets : walletApps.map(({ wallet }) => payment.option ?? wallet);
  const names = walletApps.filter(({ wallet }) => named.includes(wallet));
  return names.map(({ name }) => name).join(language === 'zh' ? '、' : ', ');
}
