/**
 * Text and bytes in the charsets of this wire: UTF-8 and GBK (GB2312 is read as the larger GBK). Decoding is fatal: what is not
 * text in the declared charset is refused, never replaced (T065).
 */
import iconv from 'iconv-lite';

export type Charset = 'UTF-8' | 'GBK';

const names: Readonly<Record<string, Charset>> = { 'UTF-8': 'UTF-8', UTF8: 'UTF-8', GBK: 'GBK', GB2312: 'GBK' };

/** By name, letter case aside; null for any other. */
export function charsetNamed(name: string): Charset | null {
  const upper = name.toUpperCase();
  return Object.hasOwn(names, upper) ? (names[upper] ?? null) : null;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Null when the bytes are no text in that charset. */
export function decodeText(bytes: Uint8Array, charset: Charset): string | null {
  if (charset === 'UTF-8') return decodeUtf8(bytes);
  if (!isGbk(bytes)) return null;
  // Not TextDecoder: it reads A2E3, the euro sign of everybody else, as a private character.
  const text = iconv.decode(Buffer.from(bytes), 'gb18030', { stripBOM: false });
  return text.includes('\ufffd') ? null : text;
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Null when a character does not exist in that charset. GBK goes by way of GB18030, whose two-byte codes are those of the
 * platform's Java, the euro sign (A2E3) included; its four-byte codes are not GBK (page, section 2.6).
 */
export function encodeText(text: string, charset: Charset): Uint8Array | null {
  if (!text.isWellFormed()) return null;
  if (charset === 'UTF-8') return Buffer.from(text, 'utf8');
  const bytes = iconv.encode(text, 'gb18030');
  return isGbk(bytes) ? bytes : null;
}

/** One byte below 80 (or the lone euro 80), else a lead byte and a trail byte from 40 on. */
function isGbk(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 1) {
    if ((bytes[at] ?? 0) <= 0x80) continue;
    at += 1;
    const trail = bytes[at] ?? 0;
    if (trail < 0x40 || trail === 0x7f || trail === 0xff) return false;
  }
  return true;
}

/** How many bytes the character at that place has; 1 inside ASCII. For walking over text without decoding it. */
export function widthAt(bytes: Uint8Array, at: number, charset: Charset): number {
  // UTF-8's further bytes are all above 7F: they can be walked over one by one.
  return charset === 'GBK' && (bytes[at] ?? 0) > 0x80 ? 2 : 1;
}
