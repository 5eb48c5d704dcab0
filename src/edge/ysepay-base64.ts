/** How a signature's Base64 arrives when something went wrong on the way, as data. */

export interface Decoded {
  /** '' = as it should be. */
  readonly words: string;
  readonly bytes: Uint8Array;
}

/** Only its canonical spelling: standard alphabet, padded, nothing around it. */
function strict(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : null;
}

function padded(text: string): string {
  return text.replace(/=+$/, '').padEnd(Math.ceil(text.replace(/=+$/, '').length / 4) * 4, '=');
}

function percentDecoded(text: string): string {
  return text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number(`0x${hex}`)));
}

const repairs: readonly (readonly [words: string, repair: (sign: string) => string])[] = [
  ['', (sign) => sign],
  ['the + of Base64 was not escaped in the body (%2B): it arrives as a blank', (sign) => sign.replaceAll(' ', '+')],
  ['sign has blanks or line breaks around or inside its Base64', (sign) => sign.replaceAll(/\s/g, '')],
  ['sign was URL-encoded twice', percentDecoded],
  ['sign lacks the = at its end', padded],
  [
    'sign was written in the Base64 of URLs (- and _ instead of + and /)',
    (sign) => padded(sign.replaceAll('-', '+').replaceAll('_', '/')),
  ],
];

/** Every reading of the text that yields bytes, the right one first. */
export function readings(sign: string): readonly Decoded[] {
  const found: Decoded[] = [];
  for (const [words, repair] of repairs) {
    const bytes = strict(repair(sign));
    if (bytes !== null) found.push({ words, bytes });
  }
  if (/^(?:[0-9a-fA-F]{2}){32,}$/.test(sign))
    found.push({ words: 'sign was written in hex instead of Base64', bytes: Buffer.from(sign, 'hex') });
  for (const { words, bytes } of found.slice()) {
    const inner = Buffer.from(bytes).toString('latin1');
    const twice = strict(inner.replaceAll(/\s/g, ''));
    if (twice !== null && twice.length >= 64)
      found.push({ words: [words, 'sign was put into Base64 twice'].filter(Boolean).join('; '), bytes: twice });
    if (/^(?:[0-9a-fA-F]{2}){32,}$/.test(inner))
      found.push({
        words: [words, 'the hex text of the signature was put into Base64'].filter(Boolean).join('; '),
        bytes: Buffer.from(inner, 'hex'),
      });
  }
  return found;
}
