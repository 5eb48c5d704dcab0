/** How to pay, once a way was chosen: one small piece of page per method. */
import type { Device } from '../../core/desk-offers.ts';
import type { Method } from '../../core/commands.ts';
import type { Payment } from '../../core/order.ts';
import { type Html, html } from '../html.ts';
import { type Account, bankSteps, otherBankSteps, type Steps } from './bank-steps.ts';
import { badgeOf } from './choose.ts';
import { heading } from './marks.ts';
import { qrCode } from './qr.ts';
import { groupsOf, payerAddress, plainMoney, showMoney } from './view.ts';
import type { Language, Say, WordKey } from './words.ts';

export interface Shown {
  readonly payment: Payment;
  /** "DANA", "Bank Central Asia". */
  readonly name: string | null;
  /** `/cashier/{token}` */
  readonly path: string;
  readonly device: Device;
  readonly language: Language;
  readonly say: Say;
}

interface Linked extends Shown {
  /** Where the payer may be sent; null when there is nowhere, or not safely. */
  readonly link: string | null;
}

type Show = (shown: Linked) => Html;

/** `isSandbox`: links to http on this machine are allowed. */
export function instructionOf(shown: Shown, isSandbox: boolean): Html {
  const { method, instruction } = shown.payment;
  const link = payerAddress(instruction.payUrl, isSandbox);
  const show = method === 'any' ? other : (shows[method] ?? other);
  return show({ ...shown, link });
}

const shows: Readonly<Partial<Record<Method, Show>>> = {
  qr: scan,
  'virtual-account': account,
  'store-code': store,
  wallet,
  'wallet-push': push,
};

function scan(shown: Linked): Html {
  const { payCode } = shown.payment.instruction;
  const drawn = payCode === null ? null : qrCode(payCode, shown.say('qrAlt'));
  return drawn === null ? other(shown) : html`<h2>${shown.say('scanTitle')}</h2>${qrPanel(drawn, shown)}`;
}

/** A code with the way to keep it: a phone cannot scan its own screen. */
export function qrPanel(
  drawn: Html,
  { say, path, device }: Pick<Shown, 'say' | 'path' | 'device'>,
  help: WordKey = 'scanHelp',
): Html {
  const onPhone = device === 'phone';
  return html`<div class="qr-frame">${drawn}</div><p>${say(onPhone && help === 'scanHelp' ? 'scanOnPhone' : help)}</p><p><a class="button${!onPhone && ' quiet-button'}" href="${path}/qr.png" download="payment-qr.png">${say('saveQr')}</a></p>`;
}

function account(shown: Linked): Html {
  const { payment, say, name, language } = shown;
  const { payCode } = payment.instruction;
  const amount = showMoney(payment.amount);
  const at: Account = { bank: payment.option, bankName: name ?? say('bank'), number: payCode ?? '', amount };
  const others = otherBankSteps(at, language);
  return html`<h2>${say('vaTitle')}</h2>${named(payment.option, name)}<div class="codes">${
    payCode !== null && field(say('vaNumber'), groupsOf(payCode), payCode, say)
  }${field(say('amount'), [amount], plainMoney(payment.amount), say)}</div><p>${say('vaHelp')}</p>${
    payCode !== null &&
    html`<h3>${say('howTo')}</h3><div class="steps">${bankSteps(at, language).map((one) => stepsOf(one, say(`place.${one.place}`)))}${
      others && stepsOf({ ...others, app: say('place.other') }, say('place.other'))
    }</div><p class="hint">${say('menuNote')}</p>`
  }`;
}

function stepsOf({ app, steps }: Steps, place: string): Html {
  return html`<details class="more"><summary>${place}${app !== place && html` <small>${app}</small>`}</summary><ol>${steps.map((step) => html`<li>${step}</li>`)}</ol></details>`;
}

function store({ payment, say, name }: Linked): Html {
  const { payCode } = payment.instruction;
  return html`<h2>${say('storeTitle')}</h2>${named(payment.option, name)}<div class="codes">${
    payCode !== null && field(say('storeCode'), groupsOf(payCode), payCode, say)
  }${field(say('amount'), [showMoney(payment.amount)], plainMoney(payment.amount), say)}</div><p>${say('storeHelp')}</p>`;
}

function named(option: string | null, name: string | null): Html | null {
  if (name === null) return null;
  const [short = '', long] = name.split(' · ');
  return html`<p class="named"><span class="badge" aria-hidden="true">${badgeOf(option ?? short)}</span><span class="face"><span>${short}</span>${
    long !== undefined && html`<small>${long}</small>`
  }</span></p>`;
}

/** A number to be typed elsewhere, and a button that copies it (for browsers with script). */
function field(label: string, shown: readonly string[], value: string, say: Say): Html {
  return html`<div class="code"><span class="label">${label}</span><output class="number">${shown.map((group) => html`<span>${group}</span>`)}</output><button type="button" class="copy" data-copy="${value}" data-copied="${say('copied')}" aria-label="${say('copy')}: ${label}"><span>${say('copy')}</span></button></div>`;
}

function wallet(shown: Linked): Html {
  const { link, name, say, device } = shown;
  if (link === null) return other(shown);
  const drawn = device === 'computer' ? qrCode(link, say('qrAlt')) : null;
  return html`${heading('wait', say('waitingTitle'))}<p>${say('walletHelp')}</p>${goOn(link, name, say)}${
    drawn !== null && html`<p>${say('walletScan')}</p><div class="qr-frame small">${drawn}</div>`
  }`;
}

function goOn(link: string, name: string | null, say: Say): Html {
  return html`<p><a class="button" href="${link}" rel="noreferrer">${say('walletOpen', { name: name ?? say('walletAny') })}</a></p>`;
}

function push({ say, name }: Linked): Html {
  const wanted = { name: name ?? say('walletAny') };
  return html`${heading('wait', say('pushTitle'))}<p>${say('pushHelp', wanted)}</p><p>${say('pushSteps', wanted)}</p>`;
}

/** Whatever the channel gave: a code to type in, a page to go to. */
function other({ payment, link, name, say }: Linked): Html {
  const { payCode } = payment.instruction;
  return html`${heading('wait', say('waitingTitle'))}${payCode !== null && html`<div class="codes">${field(say('payCode'), groupsOf(payCode), payCode, say)}</div>`}${link !== null && goOn(link, name, say)}`;
}
