/**
 * Sensitive members: DES, ECB, PKCS#5 padding, Base64; the key is the first eight characters of the partner's number (section
 * 2.5). Anybody can undo this: it is the wire's grammar, not a protection. OpenSSL 3 has single DES no more; triple DES with one
 * key three times is the same function.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { decodeText, encodeText } from './charset.ts';

function keyOf(partnerId: string): Uint8Array {
  const key = Buffer.from(partnerId.slice(0, 8).padStart(8, ' '), 'latin1');
  return Buffer.concat([key, key, key]);
}

/** GBK, as the platform itself does; UTF-8 for a character that GBK has not. */
export function encryptMember(text: string, partnerId: string): string {
  const cipher = createCipheriv('des-ede3-ecb', keyOf(partnerId), null);
  const bytes = encodeText(text, 'GBK') ?? Buffer.from(text, 'utf8');
  return Buffer.concat([cipher.update(bytes), cipher.final()]).toString('base64');
}

/** Null when it does not decrypt to text. Line ends inside the Base64 are taken: the Java client breaks lines. */
export function decryptMember(value: string, partnerId: string): string | null {
  const packed = value.replaceAll(/\s/g, '');
  const bytes = Buffer.from(packed, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== packed) return null;
  try {
    const decipher = createDecipheriv('des-ede3-ecb', keyOf(partnerId), null);
    return textOf(Buffer.concat([decipher.update(bytes), decipher.final()]));
  } catch {
    return null;
  }
}

/** The PHP client sends UTF-8: taken only when the bytes can be that. */
function textOf(bytes: Uint8Array): string | null {
  return decodeText(bytes, 'UTF-8') ?? decodeText(bytes, 'GBK');
}
