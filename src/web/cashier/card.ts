/** The forms of paying with a bank card: the card, the code that signs it, the code that pays. Nothing typed is ever shown again. */
import type { CardStep, CodeStep } from '../../flows/desk-card.ts';
import { type Html, html } from '../html.ts';
import type { Say, WordKey } from './words.ts';

export interface CardScene {
  /** `/cashier/{token}` */
  readonly path: string;
  readonly language: string;
  readonly say: Say;
  /** The amount as it is written. */
  readonly amount: string;
}

/** `step`: how far the payer has come. `isAnew`: they want to give another card. */
export function cardBody(scene: CardScene, step: CardStep, isAnew: boolean): Html {
  return step.kind === 'card' || isAnew ? cardForm(scene) : signForm(scene, step);
}

function post({ path, language }: CardScene, action: string, content: Html, className = 'fields'): Html {
  return html`<form class="${className}" method="post" action="${path}/${action}?lang=${language}" autocomplete="on">${content}</form>`;
}

function cardForm(scene: CardScene): Html {
  const { say } = scene;
  return html`<h2>${say('cardTitle')}</h2><p>${say('cardPrivacy')}</p>${post(
    scene,
    'card',
    html`<label>${say('cardNumber')}<input class="digits" name="number" type="text" inputmode="numeric" autocomplete="cc-number" required minlength="12" maxlength="23" pattern="[0-9 ]{12,23}" data-card></label>
<label>${say('cardHolder')}<input name="holder" type="text" autocomplete="cc-name" required minlength="2" maxlength="50"></label>
<label>${say('cardId')}<input class="digits" name="identity" type="text" autocomplete="off" spellcheck="false" required minlength="15" maxlength="18" pattern="[0-9]{14,17}[0-9Xx]"></label>
<label>${say('cardPhone')}<input class="digits" name="mobile" type="tel" inputmode="tel" autocomplete="tel-national" required minlength="11" maxlength="17" pattern="[+]?[0-9 ]{11,17}"></label>
<details class="more"><summary>${say('cardCredit')}</summary>${creditFields(say, false)}</details>
<button class="button">${say('cardGo')}</button>`,
  )}${elsewhere(scene)}`;
}

function creditFields(say: Say, isRequired: boolean): Html {
  const required = isRequired && html` required`;
  return html`<div class="pair"><label>${say('cardExpiry')}<input class="digits" name="expiry" type="text" inputmode="numeric" autocomplete="cc-exp"${required} maxlength="5" pattern="(0[1-9]|1[0-2])/?[0-9]{2}" placeholder="MM/YY"></label>
<label>${say('cardCvv')}<input class="digits" name="cvv" type="text" inputmode="numeric" autocomplete="cc-csc"${required} maxlength="3" pattern="[0-9]{3}"></label></div>`;
}

function signForm(scene: CardScene, step: Exclude<CardStep, { kind: 'card' }>): Html {
  const { say, path, language } = scene;
  const isSigned = step.kind === 'signed';
  return html`<h2>${say('bindTitle')}</h2><p class="subject">${say('cardEnds', { last4: step.last4 })}</p><p>${say(isSigned ? 'signedHelp' : 'bindHelp')}</p>${
    !isSigned && html`<p>${sentTo(say, step.phone)}</p>`
  }${post(
    scene,
    'card-code',
    html`${!isSigned && codeField(say)}${step.isCredit && creditFields(say, true)}<button class="button">${say(isSigned ? 'continue' : 'bindGo')}</button>`,
  )}<p class="again"><a href="${path}?lang=${language}&amp;way=new-card">${say('cardOther')}</a></p>${elsewhere(scene)}`;
}

function sentTo(say: Say, phone: string | null): string {
  return phone === null ? say('codeSentAny') : say('codeSent', { phone: phone.replace(/^86(?=1)/, '') });
}

function codeField(say: Say): Html {
  return html`<label>${say('code')}<input class="digits code-field" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required minlength="6" maxlength="6" pattern="[0-9]{6}"></label>`;
}

function elsewhere({ path, language, say }: CardScene): Html {
  return html`<p class="again"><a href="${path}?lang=${language}&amp;way=list">${say('anotherWay')}</a></p>`;
}

/** The payment waits for its code. */
export function codeBody(scene: CardScene, { phone, resendInMs, hasTries }: CodeStep): Html {
  const { say, amount } = scene;
  if (!hasTries) return html`<h2>${say('codeTitle')}</h2><p>${say('codeUsedUp')}</p>`;
  const again: WordKey = 'codeAgain';
  return html`<h2>${say('codeTitle')}</h2><p>${sentTo(say, phone)}</p>${post(
    scene,
    'code',
    html`${codeField(say)}<button class="button">${say('codeGo', { amount })}</button>`,
  )}${post(scene, 'resend', html`<button class="plain" data-wait="${resendInMs}">${say(again)}</button>`, 'resend')}`;
}
