/** What the protocols' signatures share: MD5 over bytes, constant-time comparison, numbers that carry their home. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Lower-case hex MD5 of the parts, one after another. MD5 is what these wires impose; see docs/decisions/. */
export function md5Hex(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** Compares two texts in time that depends only on their length. */
export function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** 32 lower-case hex digits: two of home, thirty random (120 bits). */
export function hexNumber(home: number, nonce: (bytes: number) => Uint8Array): string {
  return home.toString(16).padStart(2, '0') + Buffer.from(nonce(15)).toString('hex');
}

export function homeOfHex(number: string): number | null {
  return /^[0-9a-f]{32}$/.test(number) ? Number.parseInt(number.slice(0, 2), 16) : null;
}

/** `digits` decimal digits: three of home (100–355), the rest random. */
export function decimalNumber(digits: number, home: number, nonce: (bytes: number) => Uint8Array): string {
  const span = 10n ** BigInt(digits - 3);
  const random = BigInt(`0x${Buffer.from(nonce(16)).toString('hex')}`) % span;
  return `${home + 100}${random.toString().padStart(digits - 3, '0')}`;
}

export function homeOfDecimal(number: string): number | null {
  const home = Number(number.slice(0, 3)) - 100;
  return /^[1-3][0-9]+$/.test(number) && home >= 0 && home < 256 ? home : null;
}
