/** The cashier's pages. Everything outside text passes through `` html`…` ``; no text of a channel is ever markup. */
import type { Device, Offer } from '../../core/desk-offers.ts';
import type { Payment } from '../../core/order.ts';
import type { Instant } from '../../core/world.ts';
import type { CardStep, CodeStep } from '../../flows/desk-card.ts';
import { needsPhone } from '../../flows/choose-method.ts';
import type { Assets } from '../assets.ts';
import { type Html, html } from '../html.ts';
import { cardBody, codeBody } from './card.ts';
import { offerList } from './choose.ts';
import { instructionOf, qrPanel } from './instruction.ts';
import { heading, type Mark } from './marks.ts';
import { qrCode } from './qr.ts';
import { moment, showTimeLeft } from './time.ts';
import { type View, isOver, showMoney, stampOf, viewOf } from './view.ts';
import { type Language, type Say, type WordKey, languageNames, languageTags, languages, wordsOf } from './words.ts';

export interface Scene {
  readonly payment: Payment;
  readonly merchantName: string;
  /** Where the payer may go once it is paid; null = nowhere. */
  readonly shop: string | null;
  /** Proper name of what was chosen ("DANA"), null while nothing is. */
  readonly optionName: string | null;
  readonly offers: readonly Offer[];
  /** Address any wallet can open, for orders that have one; null = none. */
  readonly oneCode: string | null;
  /** The payer is paying with a card; null = the list is shown. */
  readonly card: { readonly step: CardStep; readonly isAnew: boolean } | null;
  /** The payment waits for a code. */
  readonly code: CodeStep | null;
  /** The payer may take the choice back. */
  readonly mayLeave: boolean;
  readonly note: Note | null;
  /** `/cashier/{token}` */
  readonly path: string;
  readonly now: Instant;
}

/** What a page needs whatever it shows. */
export interface Frame {
  readonly assets: Assets;
  readonly language: Language;
  readonly isSandbox: boolean;
  readonly device: Device;
}

/** What became of the payer's last click. */
export type Note = 'refused' | 'taken' | 'phone' | 'card' | 'code' | 'soon' | 'texts' | 'sent' | 'busy';
const notes: Readonly<Record<Note, { readonly text: WordKey; readonly views: readonly View[] }>> = {
  refused: { text: 'chooseRefused', views: ['choose'] },
  phone: { text: 'choosePhone', views: ['choose'] },
  taken: { text: 'chooseTaken', views: ['preparing', 'waiting'] },
  card: { text: 'noteCard', views: ['choose'] },
  code: { text: 'noteCode', views: ['choose', 'waiting'] },
  soon: { text: 'noteSoon', views: ['choose', 'waiting'] },
  texts: { text: 'noteTexts', views: ['choose', 'waiting'] },
  sent: { text: 'noteSent', views: ['waiting'] },
  busy: { text: 'noteBusy', views: ['choose', 'waiting'] },
};

export function isNote(text: string | null): text is Note {
  return text !== null && Object.hasOwn(notes, text);
}

export function paymentPage(frame: Frame, scene: Scene): Html {
  const { payment, now, path } = scene;
  const say = wordsOf(frame.language);
  const view = viewOf(payment, now);
  return framed(frame, {
    title: titleOf(scene, say),
    path,
    poll: isOver(view) ? null : { path: `${path}/state`, events: `${path}/events`, stamp: stampOf(payment, now) },
    // Whoever types into a form must not lose it to a reload.
    reloads: isStill(scene, view),
    content: html`${summary(scene, say, frame.language, view)}<section class="step" aria-live="polite">${noteFor(scene, say, view)}${bodies[view](scene, say, frame)}${
      isOver(view) ? null : refreshLink(`${path}?lang=${frame.language}`, say)
    }</section>`,
  });
}

function isStill({ code }: Scene, view: View): boolean {
  return view === 'preparing' || view === 'unknown' || (view === 'waiting' && code === null);
}

/** Without script a page cannot notice anything: then this is how it is looked at again. */
export function refreshLink(address: string, say: Say): Html {
  return html`<p class="again"><a class="plain" href="${address}">${say('refresh')}</a></p>`;
}

export function titleOf({ payment, merchantName }: Pick<Scene, 'payment' | 'merchantName'>, say: Say): string {
  return say('pageTitle', { amount: showMoney(payment.amount), merchant: merchantName });
}

type Plain = 'missing' | 'broken' | 'refused';

/** The same for every link that is not one: it tells nothing about what exists (T084). */
export function plainPage(frame: Frame, what: Plain): Html {
  const say = wordsOf(frame.language);
  return framed(frame, {
    title: say(`${what}Title`),
    path: null,
    poll: null,
    content: html`<section class="step lone">${heading('attention', say(`${what}Title`))}<p>${say(`${what}Text`)}</p></section>`,
  });
}

export interface Content {
  readonly title: string;
  /** For the language links; null = none. */
  readonly path: string | null;
  /** Where the script asks and listens, and what it knows already; null = nothing will change any more. */
  readonly poll: { readonly path: string; readonly events: string; readonly stamp: string } | null;
  /** Browsers without script load the page again every ten seconds. */
  readonly reloads?: boolean;
  /** A further script of ours. */
  readonly script?: string | null;
  readonly content: Html;
}

/** A whole page around some content. */
export function framed(frame: Frame, { title, path, poll, reloads = false, content, script = null }: Content): Html {
  const { assets, language, isSandbox } = frame;
  const say = wordsOf(language);
  return html`<!doctype html>
<html lang="${languageTags[language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<meta name="format-detection" content="telephone=no">
<title>${title}</title>
<link rel="stylesheet" href="${assets.url('cashier.css')}" integrity="${assets.integrity('cashier.css')}">
<link rel="icon" href="data:,">
<script defer src="${assets.url('cashier.js')}" integrity="${assets.integrity('cashier.js')}"></script>
${script !== null && html`<script defer src="${assets.url(script)}" integrity="${assets.integrity(script)}"></script>`}
${reloads && html`<noscript><meta http-equiv="refresh" content="10"></noscript>`}
</head>
<body data-poll="${poll?.path}" data-events="${poll?.events}" data-stamp="${poll?.stamp}">
${isSandbox && html`<p class="sandbox">${say('sandbox')}</p>`}
<main class="card">
${content}
</main>
${path !== null && html`<nav class="languages" aria-label="${say('language')}">${languages.map((one) => languageLink(path, one, language))}</nav>`}
</body>
</html>
`;
}

function languageLink(path: string, one: Language, present: Language): Html {
  return one === present
    ? html`<span lang="${languageTags[one]}" aria-current="true">${languageNames[one]}</span>`
    : html`<a href="${path}${path.includes('?') ? '&' : '?'}lang=${one}" lang="${languageTags[one]}" hreflang="${languageTags[one]}">${languageNames[one]}</a>`;
}

type Summed = Pick<Scene, 'payment' | 'merchantName' | 'now'>;

/** For pages with steps of their own. */
export function summaryOf(scene: Summed, language: Language): Html {
  return summary(scene, wordsOf(language), language, viewOf(scene.payment, scene.now));
}

/** Amount first: it is what a payer compares with the shop and with the banking app. */
function summary({ payment, merchantName, now }: Summed, say: Say, language: Language, view: View): Html {
  const { subject } = payment.detail;
  const { expiresAt, amount, finishedAt } = payment;
  const left = expiresAt === null ? null : expiresAt - now;
  const counts = expiresAt !== null && left !== null && left > 0 && (view === 'choose' || view === 'waiting');
  return html`<header class="summary">
<h1 class="amount">${showMoney(amount)}</h1>
<p class="payee">${say('payTo')} <strong>${merchantName}</strong></p>
${subject !== null && subject !== '' && html`<p class="title">${subject}</p>`}
<dl class="facts">${
    counts &&
    html`${fact(say('payBefore'), moment(expiresAt, amount.currency, language))}${fact(
      say('timeLeft'),
      html`<span class="countdown" role="timer" data-left="${left}">${showTimeLeft(left)}</span>`,
    )}`
  }${view === 'paid' && finishedAt !== null && fact(say('paidAt'), moment(finishedAt, amount.currency, language))}${fact(say('order'), payment.orderNo)}</dl>
</header>`;
}

function fact(name: string, value: string | Html): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function noteFor({ payment, note }: Scene, say: Say, view: View): Html | null {
  // A refused choice is in the row itself: also the payer who reloads, or comes back later, learns of it.
  const present: Note | null = note ?? (view === 'choose' && wasRefused(payment) ? 'refused' : null);
  if (present === null || !notes[present].views.includes(view)) return null;
  return html`<p class="note${present === 'sent' && ' good'}" role="status">${say(notes[present].text)}</p>`;
}

function wasRefused({ reason }: Payment): boolean {
  return reason !== null && reason.code !== 'left';
}

type Body = (scene: Scene, say: Say, frame: Frame) => Html;

function told(mark: Mark, title: WordKey, text: WordKey): Body {
  return ({ merchantName }, say) => html`${heading(mark, say(title))}<p>${say(text, { merchant: merchantName })}</p>`;
}

const bodies: Readonly<Record<View, Body>> = {
  choose: chooseBody,
  preparing: told('wait', 'preparingTitle', 'preparingText'),
  waiting: (scene, say, frame) =>
    html`${waitingStep(scene, say, frame)}${scene.mayLeave && leaveForm(scene, say, frame)}`,
  unknown: told('wait', 'unknownTitle', 'unknownText'),
  paid: (scene, say, frame) =>
    html`${told('done', 'paidTitle', 'paidText')(scene, say, frame)}${
      scene.shop !== null &&
      html`<p><a class="button" href="${scene.shop}" rel="noreferrer">${say('backToShop')}</a></p>`
    }`,
  failed: told('attention', 'failedTitle', 'failedText'),
  expired: told('attention', 'expiredTitle', 'expiredText'),
  reversed: told('attention', 'reversedTitle', 'reversedText'),
};

function waitingStep(scene: Scene, say: Say, frame: Frame): Html {
  if (scene.code) return codeBody(formsOf(scene, say, frame), scene.code);
  const { payment, optionName: name, path } = scene;
  const { language, device } = frame;
  return html`${instructionOf({ payment, name, path, device, language, say }, frame.isSandbox)}<p class="live">${say('waitingNote')}</p>`;
}

function leaveForm({ path }: Scene, say: Say, { language }: Frame): Html {
  return html`<form class="resend" method="post" action="${path}/leave?lang=${language}"><button class="plain">${say('anotherWay')}</button></form>`;
}

function formsOf({ path, payment }: Scene, say: Say, { language }: Frame) {
  return { path, language, say, amount: showMoney(payment.amount) };
}

function chooseBody(scene: Scene, say: Say, frame: Frame): Html {
  if (scene.card) return cardBody(formsOf(scene, say, frame), scene.card.step, scene.card.isAnew);
  const { offers, path, payment, oneCode } = scene;
  const { language, device } = frame;
  const drawn = oneCode === null ? null : qrCode(oneCode, say('qrAlt'));
  return offerList({
    offers,
    path,
    language,
    say,
    hasPhone: !needsPhone(payment, 'wallet-push'),
    oneCode: drawn && html`<h2>${say('scanTitle')}</h2>${qrPanel(drawn, { say, path, device }, 'oneCodeHelp')}`,
  });
}

/** What is said once nothing is left to choose or to pay. */
export function outcomeStep(
  scene: Pick<Scene, 'payment' | 'merchantName' | 'shop'>,
  view: Exclude<View, 'choose' | 'waiting'>,
  frame: Frame,
): Html {
  const bare: Scene = {
    ...scene,
    optionName: null,
    offers: [],
    oneCode: null,
    card: null,
    code: null,
    mayLeave: false,
    note: null,
    path: '',
    now: 0,
  };
  return bodies[view](bare, wordsOf(frame.language), frame);
}
