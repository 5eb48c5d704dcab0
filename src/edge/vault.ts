/** Secrets at rest: AES-256-GCM under the master key, bound to the row and name they belong to (T094). */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

export class Vault {
  readonly #key: Uint8Array;
  readonly #nonce: (bytes: number) => Uint8Array;

  /** `master`: 32 bytes that live outside the database. */
  constructor(master: Uint8Array, nonce: (bytes: number) => Uint8Array) {
    if (master.length !== 32) throw new Error('the master key must have 32 bytes');
    this.#key = master;
    this.#nonce = nonce;
  }

  /** A further key for one purpose, derived from the master key; 32 bytes. */
  derive(purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#key, '', `kanal/${purpose}`, 32));
  }

  /** `place` names where the secret lives ("credential/12/apiKey"): a ciphertext moved to another row does not open. */
  seal(place: string, secret: Uint8Array | string): Buffer {
    const iv = this.#nonce(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(place));
    const body = Buffer.concat([cipher.update(Buffer.from(secret)), cipher.final()]);
    return Buffer.concat([iv, body, cipher.getAuthTag()]);
  }

  /** Throws when the key, the place or a byte differs. */
  open(place: string, sealed: Uint8Array): Buffer {
    const bytes = Buffer.from(sealed);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12)).setAAD(Buffer.from(place));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  }
}
