/** Which wallet's own browser a page is opened in. A User-Agent can be forged: it picks a way to pay, never a right. */

interface AppRow {
  /** Core option code. */
  readonly wallet: string;
  readonly marker: RegExp;
  /** A proper name, the same in every language. */
  readonly name: string;
}

/** In the order they are tried. Source: fufu page, section 7. */
export const walletApps: readonly AppRow[] = [
  { wallet: 'ALIPAY', marker: /AlipayClient\/|AliApp\(AP\//, name: 'Alipay 支付宝' },
  // WeCom says wxwork beside it and pays the same way.
  { wallet: 'WECHAT', marker: /MicroMessenger\//, name: 'WeChat 微信' },
  { wallet: 'UNIONPAY', marker: /UnionPay\/|CloudPay/, name: 'UnionPay 云闪付' },
  { wallet: 'BESTPAY', marker: /bestpay/i, name: 'Bestpay 翼支付' },
];

export function walletOfAgent(agent: string): string | null {
  return walletApps.find(({ marker }) => marker.test(agent))?.wallet ?? null;
}

export function nameOfWallet(wallet: string | null): string | null {
  return walletApps.find((row) => row.wallet === wallet)?.name ?? wallet;
}
