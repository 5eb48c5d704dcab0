/** The little DER that signatures and keys need. Strict: minimal lengths, minimal positive integers, nothing behind the end. */

export class DerError extends Error {
  override readonly name = 'DerError';
}

export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The content of the next element, which must have that tag. */
  take(tag: number): Uint8Array {
    if (this.#next() !== tag) throw new DerError('another tag');
    const length = this.#length();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new DerError('too short');
    const content = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return content;
  }

  enter(tag: number): DerReader {
    return new DerReader(this.take(tag));
  }

  /** A positive integer of the fewest possible bytes. */
  integer(): bigint {
    const bytes = this.take(0x02);
    const [first = 0x80, second = 0] = bytes;
    if (first >= 0x80) throw new DerError('a negative or empty integer');
    if (bytes.length > 1 && first === 0 && second < 0x80) throw new DerError('a padded integer');
    return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new DerError('bytes behind the end');
  }

  #next(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new DerError('too short');
    this.#at += 1;
    return byte;
  }

  #length(): number {
    const first = this.#next();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count < 1 || count > 2) throw new DerError('a length of another size');
    let length = 0;
    for (let i = 0; i < count; i += 1) length = length * 256 + this.#next();
    if (length < 0x80 || (count === 2 && length < 0x100)) throw new DerError('a padded length');
    return length;
  }
}

/** SEQUENCE { INTEGER r, INTEGER s } of two positive numbers below 2^256. */
export function derPair(r: bigint, s: bigint): Uint8Array {
  const content = Buffer.concat([derInteger(r), derInteger(s)]);
  return Buffer.concat([Buffer.from([0x30, content.length]), content]);
}

function derInteger(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const padded = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, padded.length]), padded]);
}
