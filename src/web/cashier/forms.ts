/** What payers send: each form read whole or refused. Card numbers, identities and codes are passed on and kept nowhere. */
import { type Method, methods } from '../../core/commands.ts';
import type { Pick } from '../../flows/choose-method.ts';
import type { CreditMembers, GivenCard } from '../../flows/desk-card.ts';
import type { WebRequest } from '../web.ts';

const maxFormBytes = 2_048;

/** Null when it is not a form as our pages send them. */
export function readForm({ body, headers }: WebRequest): URLSearchParams | null {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded' || body.byteLength > maxFormBytes) return null;
  return new URLSearchParams(new TextDecoder().decode(body));
}

/** Null when it is no choice of ours; `phone` when the number in it cannot be one. */
export function readPick(form: URLSearchParams): Pick | 'phone' | null {
  const method = form.get('method') ?? '';
  if (!isMethod(method)) return null;
  const typed = digitsOf(form.get('phone') ?? '').replace(/^\+/, '');
  if (typed !== '' && !/^\d{8,15}$/.test(typed)) return 'phone';
  return { method, option: form.get('option') || null, phone: typed === '' ? null : indonesian(typed) };
}

function isMethod(text: string): text is Method {
  return (methods as readonly string[]).includes(text);
}

/** Without the blanks and dashes that people put between digits. */
function digitsOf(typed: string): string {
  return typed.replace(/[\s().-]/g, '');
}

/** Wallets that are pushed to are Indonesian: 0812… and 812… are 62812…. */
function indonesian(digits: string): string {
  return digits.replace(/^0/, '62').replace(/^8/, '628');
}

/** Null when something is missing or cannot be right. */
export function readCard(form: URLSearchParams): GivenCard | null {
  const number = digitsOf(form.get('number') ?? '');
  const holder = (form.get('holder') ?? '').trim();
  const idNumber = digitsOf(form.get('identity') ?? '').toUpperCase();
  const mobile = digitsOf(form.get('mobile') ?? '').replace(/^(?:\+?86)(?=1\d{10}$)/, '');
  const credit = readCredit(form);
  const isRight =
    isCardNumber(number) &&
    /^[^\p{Cc}]{2,50}$/u.test(holder) &&
    /^\d{14,17}[\dX]$/.test(idNumber) &&
    /^1\d{10}$/.test(mobile);
  return isRight && credit ? { number, holder, idNumber, phone: `86${mobile}`, ...credit } : null;
}

/** Both members or neither; null when there is only one, or one that cannot be right. */
export function readCredit(form: URLSearchParams): CreditMembers | null {
  const expiry = digitsOf(form.get('expiry') ?? '').replace('/', '');
  const cvv = digitsOf(form.get('cvv') ?? '');
  if (expiry === '' && cvv === '') return { expiry: null, cvv: null };
  return /^(?:0[1-9]|1[0-2])\d{2}$/.test(expiry) && /^\d{3}$/.test(cvv) ? { expiry, cvv } : null;
}

/** Six digits, or null. */
export function readCode(form: URLSearchParams): string | null {
  const code = digitsOf(form.get('code') ?? '');
  return /^\d{6}$/.test(code) ? code : null;
}

/** Luhn's sum: catches any one wrong digit before a stranger's card is asked about. */
function isCardNumber(text: string): boolean {
  if (!/^\d{12,19}$/.test(text)) return false;
  const sum = text
    .split('')
    .reverse()
    .reduce((total, character, place) => {
      const digit = character.charCodeAt(0) - 48;
      const part = place % 2 === 0 ? digit : digit * 2;
      return total + (part > 9 ? part - 9 : part);
    }, 0);
  return sum % 10 === 0;
}
