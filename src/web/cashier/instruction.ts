/** How to pay, once a way was chosen: one small piece of page per method. */
import type { Method } from '../../core/commands.ts';
import type { Payment } from '../../core/order.ts';
import { type Html, html } from '../html.ts';
import { qrCode } from './qr.ts';
import { groupsOf, payerAddress, plainMoney } from './view.ts';
import type { Say, WordKey } from './words.ts';

interface Shown {
  readonly payment: Payment;
  /** "DANA", "Bank Central Asia". */
  readonly name: string | null;
  /** Where the payer may be sent; null when there is nowhere, or not safely. */
  readonly link: string | null;
  readonly say: Say;
}

type Show = (shown: Shown) => Html;

/** `name`: proper name of bank, store or wallet. `isSandbox`: links to http on this machine are allowed. */
export function instructionOf(payment: Payment, name: string | null, say: Say, isSandbox: boolean): Html {
  const link = payerAddress(payment.instruction.payUrl, isSandbox);
  const show = payment.method === 'any' ? other : (shows[payment.method] ?? other);
  return show({ payment, name, link, say });
}

const shows: Readonly<Partial<Record<Method, Show>>> = {
  qr: scan,
  'virtual-account': (shown) => code(shown, 'vaNumber', 'bank', 'vaHelp'),
  'store-code': (shown) => code(shown, 'storeCode', 'store', 'storeHelp'),
  wallet,
  'wallet-push': ({ say, name }) =>
    html`<h2>${say('waitingTitle')}</h2><p>${say('pushHelp', { name: name ?? say('walletAny') })}</p>`,
};

function scan(shown: Shown): Html {
  const { payment, say } = shown;
  const { payCode } = payment.instruction;
  const drawn = payCode === null ? null : qrCode(payCode, say('qrAlt'));
  if (drawn === null) return other(shown);
  return html`<h2>${say('scanTitle')}</h2>${drawn}<p>${say('scanHelp')}</p>`;
}

function code({ payment, name, say }: Shown, label: WordKey, place: WordKey, help: WordKey): Html {
  const { payCode } = payment.instruction;
  return html`<h2>${say('waitingTitle')}</h2>${
    name !== null && html`<dl class="facts"><div><dt>${say(place)}</dt><dd>${name}</dd></div></dl>`
  }${payCode !== null && number(payCode, say(label), say)}<p>${say(help)}</p>${copy(plainMoney(payment.amount), say('copyAmount'), say)}`;
}

function number(payCode: string, label: string, say: Say): Html {
  return html`<div class="code"><span class="label">${label}</span>${copy(payCode, say('copy'), say)}<output class="number">${groupsOf(
    payCode,
  ).map((group) => html`<span>${group}</span>`)}</output></div>`;
}

/** Shown by the script, which does the copying. */
function copy(value: string, label: string, say: Say): Html {
  return html`<button type="button" class="copy" hidden data-copy="${value}" data-copied="${say('copied')}">${label}</button>`;
}

function wallet(shown: Shown): Html {
  const { link, name, say } = shown;
  if (link === null) return other(shown);
  return html`<h2>${say('waitingTitle')}</h2><p>${say('walletHelp')}</p>${goOn(link, name, say)}`;
}

function goOn(link: string, name: string | null, say: Say): Html {
  return html`<p><a class="button" href="${link}" rel="noreferrer">${say('walletOpen', { name: name ?? say('walletAny') })}</a></p>`;
}

/** Whatever the channel gave: a code to type in, a page to go to. */
function other({ payment, link, name, say }: Shown): Html {
  const { payCode } = payment.instruction;
  return html`<h2>${say('waitingTitle')}</h2>${payCode !== null && number(payCode, say('payCode'), say)}${link !== null && goOn(link, name, say)}`;
}
