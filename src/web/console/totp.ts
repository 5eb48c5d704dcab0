/** Time-based one-time codes (RFC 6238 with the values every authenticator takes: SHA-1, 30 seconds, six digits). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Instant } from '../../core/world.ts';

const stepMs = 30_000;
const digits = 6;
/** Steps before and after the present one that are taken: clocks of phones differ. */
const tolerance = 1;
export const secretBytes = 20;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 without padding, as authenticators read it. */
export function base32(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let text = '';
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((value >>> bits) & 31);
    }
  }
  return bits === 0 ? text : text + alphabet.charAt((value << (5 - bits)) & 31);
}

/** Null when it is no base32. Blanks and small letters are how people type it. */
export function fromBase32(text: string): Uint8Array | null {
  const letters = text.replace(/[\s=-]/g, '').toUpperCase();
  if (!/^[A-Z2-7]+$/.test(letters)) return null;
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of letters) {
    value = ((value << 5) | alphabet.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >>> bits) & 0xff);
  }
  return Uint8Array.from(bytes);
}

/** RFC 4226: dynamic truncation of the HMAC over the step. */
export function codeAt(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits).padStart(digits, '0');
}

export function stepAt(now: Instant): number {
  return Math.floor(now / stepMs);
}

/** The step a code belongs to, null when it is none of those that are taken now. All are compared, whichever fits. */
export function stepOf(secret: Uint8Array, code: string, now: Instant): number | null {
  const typed = code.replace(/\s/g, '');
  if (!/^\d{6}$/.test(typed)) return null;
  let found: number | null = null;
  for (let step = stepAt(now) - tolerance; step <= stepAt(now) + tolerance; step++)
    if (timingSafeEqual(Buffer.from(codeAt(secret, step)), Buffer.from(typed))) found = step;
  return found;
}

/** What the QR code for an authenticator says. */
export function otpauth(secret: Uint8Array, user: string, host: string): string {
  const label = encodeURIComponent(`Kanal ${host}:${user}`);
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(`Kanal ${host}`)}`;
}
