/** `Sign = MD5(body bytes + apiKey)`, 32 hex digits, no separator, the same in both directions (page, section 3.1). */
import { md5Hex, sameText } from '../signing.ts';

export type SignCase = 'upper' | 'lower';

const grammar = /^[0-9a-fA-F]{32}$/;

/** Lower-case hex. `body` must be the very bytes that travel. */
export function signOf(body: Uint8Array, apiKey: string): string {
  return md5Hex(body, apiKey);
}

/** Does any of the keys verify the signature, in whatever letter case? An empty key never does (T009). */
export function verifies(sign: string, body: Uint8Array, apiKeys: readonly string[]): boolean {
  if (!grammar.test(sign)) return false;
  const claimed = sign.toLowerCase();
  let found = false;
  // Every key is tried whatever the first ones say: time must not tell which key fits.
  for (const apiKey of apiKeys) if (apiKey !== '' && sameText(claimed, signOf(body, apiKey))) found = true;
  return found;
}

/** The letter case somebody signs in; digits alone and mixed letters count as upper, the documented samples' case. */
export function caseOf(sign: string): SignCase {
  return sign === sign.toLowerCase() && sign !== sign.toUpperCase() ? 'lower' : 'upper';
}

export function inCase(sign: string, letters: SignCase): string {
  return letters === 'lower' ? sign.toLowerCase() : sign.toUpperCase();
}
