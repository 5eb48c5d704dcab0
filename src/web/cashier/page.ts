/** The cashier's pages. Everything outside text passes through `` html`…` ``; no text of a channel is ever markup. */
import type { Instant } from '../../core/world.ts';
import type { Payment } from '../../core/order.ts';
import type { Offer } from '../../core/desk-offers.ts';
import { needsPhone } from '../../flows/choose-method.ts';
import type { Assets } from '../assets.ts';
import { type Html, html } from '../html.ts';
import { instructionOf } from './instruction.ts';
import { type View, isOver, showMoney, showTimeLeft, stampOf, viewOf } from './view.ts';
import { type Language, type Say, type WordKey, languageNames, languageTags, languages, wordsOf } from './words.ts';

export interface Scene {
  readonly payment: Payment;
  readonly merchantName: string;
  /** Where the payer may go once it is paid; null = nowhere. */
  readonly shop: string | null;
  /** Proper name of what was chosen ("DANA"), null while nothing is. */
  readonly optionName: string | null;
  readonly offers: readonly Offer[];
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
}

/** What became of the payer's last click. */
export type Note = 'refused' | 'taken' | 'phone';
const notes: Readonly<Record<Note, { readonly text: WordKey; readonly views: readonly View[] }>> = {
  refused: { text: 'chooseRefused', views: ['choose'] },
  phone: { text: 'choosePhone', views: ['choose'] },
  taken: { text: 'chooseTaken', views: ['preparing', 'waiting'] },
};

export function isNote(text: string | null): text is Note {
  return text !== null && Object.hasOwn(notes, text);
}

export function paymentPage(frame: Frame, scene: Scene): Html {
  const { payment, now, merchantName, path } = scene;
  const say = wordsOf(frame.language);
  const view = viewOf(payment, now);
  return framed(frame, {
    title: say('pageTitle', { merchant: merchantName }),
    path,
    poll: isOver(view) ? null : { path: `${path}/state`, events: `${path}/events`, stamp: stampOf(payment, now) },
    content: html`${summary(scene, say, view)}${noteFor(scene, say, view)}<section class="step" aria-live="polite">${bodies[view](scene, say, frame)}</section>${
      isOver(view) ? null : html`<p class="again"><a href="${path}?lang=${frame.language}">${say('refresh')}</a></p>`
    }`,
  });
}

type Plain = 'missing' | 'broken' | 'refused';

/** The same for every link that is not one: it tells nothing about what exists (T084). */
export function plainPage(frame: Frame, what: Plain): Html {
  const say = wordsOf(frame.language);
  return framed(frame, {
    title: say(`${what}Title`),
    path: null,
    poll: null,
    content: html`<section class="step">${heading('attention', say(`${what}Title`))}<p>${say(`${what}Text`)}</p></section>`,
  });
}

export interface Content {
  readonly title: string;
  /** For the language links; null = none. */
  readonly path: string | null;
  /** Where the script asks and listens, and what it knows already; null = nothing will change any more. */
  readonly poll: { readonly path: string; readonly events: string; readonly stamp: string } | null;
  /** A further script of ours. */
  readonly script?: string | null;
  readonly content: Html;
}

/** A whole page around some content. */
export function framed(frame: Frame, { title, path, poll, content, script = null }: Content): Html {
  const { assets, language, isSandbox } = frame;
  const say = wordsOf(language);
  return html`<!doctype html>
<html lang="${languageTags[language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="${assets.url('cashier.css')}" integrity="${assets.integrity('cashier.css')}">
<link rel="icon" href="data:,">
<script defer src="${assets.url('cashier.js')}" integrity="${assets.integrity('cashier.js')}"></script>
${script !== null && html`<script defer src="${assets.url(script)}" integrity="${assets.integrity(script)}"></script>`}
${poll && html`<noscript><meta http-equiv="refresh" content="10"></noscript>`}
</head>
<body data-poll="${poll?.path}" data-events="${poll?.events}" data-stamp="${poll?.stamp}">
<main class="card">
${isSandbox && html`<p class="sandbox">${say('sandbox')}</p>`}
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

/** For pages with steps of their own. */
export function summaryOf(scene: Pick<Scene, 'payment' | 'merchantName' | 'now'>, language: Language): Html {
  return summary(scene, wordsOf(language), viewOf(scene.payment, scene.now));
}

/** Amount first: it is what a payer compares with the shop and with the banking app. */
function summary(
  { payment, merchantName, now }: Pick<Scene, 'payment' | 'merchantName' | 'now'>,
  say: Say,
  view: View,
): Html {
  const { subject } = payment.detail;
  const left = payment.expiresAt === null ? null : payment.expiresAt - now;
  const counts = left !== null && left > 0 && (view === 'choose' || view === 'waiting');
  return html`<header class="summary">
<p class="payee">${say('payTo')} <strong>${merchantName}</strong></p>
<h1 class="amount">${showMoney(payment.amount)}</h1>
<dl class="facts">${subject !== null && subject !== '' && fact(say('subject'), subject)}${fact(say('order'), payment.orderNo)}${
    counts &&
    html`<div><dt>${say('timeLeft')}</dt><dd><time class="countdown" role="timer" data-left="${left}">${showTimeLeft(left)}</time></dd></div>`
  }</dl>
</header>`;
}

function fact(name: string, value: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function noteFor({ payment, note }: Scene, say: Say, view: View): Html | null {
  // A refused choice is in the row itself: also the payer who reloads, or comes back later, learns of it.
  const present: Note | null = note ?? (view === 'choose' && payment.reason !== null ? 'refused' : null);
  if (present === null || !notes[present].views.includes(view)) return null;
  return html`<p class="note" role="status">${say(notes[present].text)}</p>`;
}

type Mark = 'done' | 'attention' | 'wait' | 'none';

// biome-ignore format: one mark, one line.
const marks: Readonly<Record<Mark, Html | null>> = {
  done: html`<svg class="mark done" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12.5l4.5 4.5L19 7.5"/></svg>`,
  attention: html`<svg class="mark attention" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 6v7.5M12 17v.5"/></svg>`,
  wait: html`<svg class="mark wait" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 5v7.5l4.5 2.5"/></svg>`,
  none: null,
};

export function heading(mark: Mark, text: string): Html {
  return html`${marks[mark]}<h2>${text}</h2>`;
}

type Body = (scene: Scene, say: Say, frame: Frame) => Html;

function told(mark: Mark, title: WordKey, text: WordKey): Body {
  return ({ merchantName }, say) => html`${heading(mark, say(title))}<p>${say(text, { merchant: merchantName })}</p>`;
}

const bodies: Readonly<Record<View, Body>> = {
  choose: offerList,
  preparing: told('wait', 'preparingTitle', 'preparingText'),
  waiting: (scene, say, frame) =>
    html`${instructionOf(scene.payment, scene.optionName, say, frame.isSandbox)}<p class="quiet">${say('waitingNote')}</p>`,
  unknown: told('wait', 'unknownTitle', 'unknownText'),
  paid: (scene, say, frame) => {
    return html`${told('done', 'paidTitle', 'paidText')(scene, say, frame)}${
      scene.shop !== null &&
      html`<p><a class="button" href="${scene.shop}" rel="noreferrer">${say('backToShop')}</a></p>`
    }`;
  },
  failed: told('attention', 'failedTitle', 'failedText'),
  expired: told('attention', 'expiredTitle', 'expiredText'),
  reversed: told('attention', 'reversedTitle', 'reversedText'),
};

/** What is said once nothing is left to choose or to pay. */
export function outcomeStep(
  scene: Pick<Scene, 'payment' | 'merchantName' | 'shop'>,
  view: Exclude<View, 'choose' | 'waiting'>,
  frame: Frame,
): Html {
  const bare = { ...scene, optionName: null, offers: [], note: null, path: '', now: 0 };
  return bodies[view](bare, wordsOf(frame.language), frame);
}

function offerList({ offers, path, payment }: Scene, say: Say, { language }: Frame): Html {
  if (offers.length === 0) return html`${heading('attention', say('chooseNone'))}`;
  const groups = new Map<string, Offer[]>();
  for (const offer of offers) {
    const group = groups.get(offer.method) ?? [];
    groups.set(offer.method, group);
    group.push(offer);
  }
  return html`<h2>${say('chooseTitle')}</h2>${[...groups.values()].map(
    (group) =>
      html`<div class="group"><h3>${say(groupWord(group))}</h3>${group.map((offer) => offerForm(offer, path, language, say, needsPhone(payment, offer.method)))}</div>`,
  )}`;
}

const groupWords: ReadonlySet<string> = new Set(['qr', 'wallet', 'wallet-push', 'virtual-account', 'store-code']);

function groupWord([offer]: readonly Offer[]): WordKey {
  return offer && groupWords.has(offer.method) ? (`group.${offer.method}` as WordKey) : 'group.other';
}

/** A form each: it works without script, with one touch. */
function offerForm(offer: Offer, path: string, language: Language, say: Say, asksPhone: boolean): Html {
  const members = html`<input type="hidden" name="method" value="${offer.method}"><input type="hidden" name="option" value="${offer.option}">`;
  const action = `${path}/choose?lang=${language}`;
  if (!asksPhone)
    return html`<form method="post" action="${action}">${members}<button class="offer">${offer.label}</button></form>`;
  return html`<details class="ask"><summary class="offer">${offer.label}</summary><form method="post" action="${action}">${members}<label>${say('phone')} <input name="phone" type="tel" inputmode="tel" autocomplete="tel" required minlength="8" maxlength="20"></label><button class="button">${say('continue')}</button></form></details>`;
}
