/** The list of ways to pay. Each is a form (or a link) of its own: one touch chooses, with or without script. */
import type { Offer } from '../../core/desk-offers.ts';
import { type Html, html } from '../html.ts';
import { heading } from './marks.ts';
import type { Language, Say, WordKey } from './words.ts';

export interface ChooseScene {
  readonly offers: readonly Offer[];
  /** `/cashier/{token}` */
  readonly path: string;
  readonly language: Language;
  readonly say: Say;
  /** Did the shop give a phone number, so that a wallet need not ask for one? */
  readonly hasPhone: boolean;
  /** A code to be scanned with any wallet, drawn; null = the order is paid by what is chosen here only. */
  readonly oneCode: Html | null;
}

export function offerList(scene: ChooseScene): Html {
  const { offers, say, oneCode } = scene;
  if (offers.length === 0 && oneCode === null) return heading('attention', say('chooseNone'));
  const groups = new Map<string, Offer[]>();
  for (const offer of offers) {
    const name = offer.method === 'wallet-push' ? 'wallet' : offer.method;
    const group = groups.get(name) ?? [];
    groups.set(name, group);
    group.push(offer);
  }
  return html`${oneCode}${offers.length > 0 && html`<h2>${say('chooseTitle')}</h2>`}${[...groups].map(
    ([method, group]) =>
      html`<div class="group"><h3>${say(groupWord(method))}</h3><ul class="offers">${group.map((offer) => html`<li>${row(offer, scene)}</li>`)}</ul></div>`,
  )}`;
}

const groupWords: ReadonlySet<string> = new Set(['qr', 'wallet', 'virtual-account', 'store-code', 'quick-pay']);

function groupWord(method: string): WordKey {
  return groupWords.has(method) ? (`group.${method}` as WordKey) : 'group.other';
}

function row(offer: Offer, scene: ChooseScene): Html {
  const { path, language } = scene;
  const face = faceOf(offer, scene.say);
  if (offer.method === 'quick-pay')
    return html`<a class="offer" href="${path}?lang=${language}&amp;way=card">${face}</a>`;
  const members = html`<input type="hidden" name="method" value="${offer.method}"><input type="hidden" name="option" value="${offer.option}">`;
  const action = `${path}/choose?lang=${language}`;
  if (offer.method !== 'wallet-push')
    return html`<form method="post" action="${action}">${members}<button class="offer">${face}</button></form>`;
  return html`<details class="ask"><summary class="offer">${face}</summary><form method="post" action="${action}">${members}${phoneField(scene)}<button class="button">${scene.say('continue')}</button></form></details>`;
}

function phoneField({ say, hasPhone }: ChooseScene): Html {
  return html`<label>${say('phone')} <span class="prefixed"><span aria-hidden="true">+62</span><input name="phone" type="tel" inputmode="tel" autocomplete="tel-national" placeholder="812 3456 7890"${
    !hasPhone && html` required`
  } minlength="8" maxlength="20"></span></label>${hasPhone && html`<p class="hint">${say('phoneGiven')}</p>`}`;
}

/** "BNI · Bank Negara Indonesia" in two lines; other names in one, with a hint where people may wonder. */
function faceOf({ method, option, label }: Offer, say: Say): Html {
  const [short = '', long] = label.split(' · ');
  const second = long ?? hintOf(method, say);
  return html`<span class="badge" aria-hidden="true">${badgeOf(option ?? label)}</span><span class="face"><span>${short}</span>${
    second !== null && html`<small>${second}</small>`
  }</span>`;
}

function hintOf(method: string, say: Say): string | null {
  return method === 'qr' || method === 'quick-pay' || method === 'wallet-push' ? say(`hint.${method}`) : null;
}

/** Letters of ours, not other people's trademarks. */
const badges: Readonly<Record<string, string>> = {
  QRIS: 'QR',
  DANA: 'DN',
  SHOPEEPAY: 'SP',
  GOPAY: 'GP',
  LINKAJA: 'LA',
  MANDIRI: 'MDR',
  PERMATA: 'PMT',
  BERSAMA: 'ATM',
  ALFAMART: 'AM',
  INDOMARET: 'IM',
  UnionPay: 'UP',
};

export function badgeOf(option: string): string {
  return badges[option] ?? option.slice(0, 4);
}
