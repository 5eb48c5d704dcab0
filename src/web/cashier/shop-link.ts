/** The way back to the shop: fixed in the signed order, and only to a host on its merchant's list (T083). */
import type { Payment } from '../../core/order.ts';
import { isReturnHost } from '../../core/return-hosts.ts';
import { payerAddress } from './view.ts';

/** Null when the order names no address, or none that may be shown. */
export function shopLink(
  { detail }: Pick<Payment, 'detail'>,
  merchant: { readonly settings: Readonly<Record<string, string>> } | undefined,
  isSandbox: boolean,
): string | null {
  const address = payerAddress(detail.returnUrl, isSandbox);
  if (address === null) return null;
  const { hostname, port } = new URL(address);
  return isReturnHost(merchant?.settings['returnHosts'] ?? '', hostname, port) ? address : null;
}
