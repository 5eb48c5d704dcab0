/**
 * Payment codes: what a payer's phone shows and a till reads. The prefix says whose it is; prefixes change, so they are a table.
 * Codes are single-use and live about a minute; they are never stored, logged or shown whole.
 */

/** Core option codes of wallets whose payment codes we know. */
export const wallets = ['ECNY', 'WECHAT', 'JD', 'ALIPAY', 'BESTPAY', 'UNIONPAY', 'QQ', 'SUNING'] as const;
export type Wallet = (typeof wallets)[number];

export interface CodeRow {
  readonly wallet: Wallet;
  /** Of a code without blanks. */
  readonly pattern: RegExp;
  readonly about: string;
}

/** In the order they are tried; no code fits two rows. Source: fufu page, section 6. */
export const codeTable: readonly CodeRow[] = [
  { wallet: 'ECNY', pattern: /^01[0-9]{17}$/, about: 'e-CNY, 19 digits' },
  { wallet: 'WECHAT', pattern: /^1[0-5][0-9]{16}$/, about: 'WeChat Pay, 18 digits' },
  { wallet: 'JD', pattern: /^18[0-9]{16}$/, about: 'JD, 18 digits' },
  { wallet: 'ALIPAY', pattern: /^(?:2[5-9]|30)[0-9]{14,22}$/, about: 'Alipay and Alipay+, 16 to 24 digits' },
  { wallet: 'ALIPAY', pattern: /^fp[0-9A-Za-z]{33}$/, about: 'Alipay face token' },
  { wallet: 'BESTPAY', pattern: /^51[0-9]{16}$/, about: 'Bestpay, 18 digits' },
  { wallet: 'UNIONPAY', pattern: /^62[0-9]{17}$/, about: 'UnionPay and bank apps, 19 digits' },
  { wallet: 'QQ', pattern: /^91[0-9]{16}$/, about: 'QQ wallet, 18 digits' },
  // The length is not published; anything a code can be.
  { wallet: 'SUNING', pattern: /^83[0-9]{14,22}$/, about: 'Suning' },
];

/** Scanners and people put blanks between the digits. */
export function withoutBlanks(code: string): string {
  return code.replaceAll(' ', '');
}

/** Whose code it is; null when it is no payment code we know. */
export function walletOf(code: string): Wallet | null {
  const plain = withoutBlanks(code);
  return codeTable.find(({ pattern }) => pattern.test(plain))?.wallet ?? null;
}

/** "51…2345": enough to find a receipt, not enough to pay. */
export function maskedCode(code: string): string {
  const plain = withoutBlanks(code);
  return plain.length < 10 ? '…' : `${plain.slice(0, 2)}…${plain.slice(-4)}`;
}
