/** How a signature's Base64 arrives when something went wrong on the way, as data. */

import type { Mistake } from '../core/mistakes.ts';

export interface Decoded {
  /** None = as it should be. */
  readonly mistakes: readonly Mistake[];
  readonly bytes: Uint8Array;
}

/** Only its canonical spelling: standard alphabet, padded, nothing around it. */
function strict(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : null;
}

function padded(text: string): string {
  return text.replace(/={1,9}$/, '').padEnd(Math.ceil(text.replace(/={1,9}$/, '').length / 4) * 4, '=');
}

function percentDecoded(text: string): string {
  return text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number(`0x${hex}`)));
}

const repairs: readonly (readonly [mistake: Mistake['key'] | null, repair: (sign: string) => string])[] = [
  [null, (sign) => sign],
  ['sign-plus-lost', (sign) => sign.replaceAll(' ', '+')],
  ['sign-broken-lines', (sign) => sign.replaceAll(/\s/g, '')],
  ['sign-encoded-twice', percentDecoded],
  ['sign-unpadded', padded],
  ['sign-base64-url', (sign) => padded(sign.replaceAll('-', '+').replaceAll('_', '/'))],
];

const hexText = /^(?:[0-9a-fA-F]{2}){32,}$/;

/** Every reading of the text that yields bytes, the right one first. */
export function readings(sign: string): readonly Decoded[] {
  const found: Decoded[] = [];
  for (const [key, repair] of repairs) {
    const bytes = strict(repair(sign));
    if (bytes !== null) found.push({ mistakes: key === null ? [] : [{ key }], bytes });
  }
  if (hexText.test(sign)) found.push({ mistakes: [{ key: 'sign-hex' }], bytes: Buffer.from(sign, 'hex') });
  for (const { mistakes, bytes } of found.slice()) {
    const inner = Buffer.from(bytes).toString('latin1');
    const twice = strict(inner.replaceAll(/\s/g, ''));
    if (twice !== null && twice.length >= 64)
      found.push({ mistakes: [...mistakes, { key: 'sign-base64-twice' }], bytes: twice });
    if (hexText.test(inner))
      found.push({ mistakes: [...mistakes, { key: 'sign-hex-in-base64' }], bytes: Buffer.from(inner, 'hex') });
  }
  return found;
}
