/**
 * The token in a cashier link: the order's key, enciphered as one AES block. Nothing is stored, nothing can be counted up
 * (T084): neighbouring orders have unrelated tokens, and a guess opens only if 56 bits of tag come out right.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Key } from '../core/order.ts';

/** Block: home (1 byte), id (8 bytes), this tag (7 bytes). */
const tag = Buffer.from('desk/v1');
const blockBytes = 16;

/** 16 bytes in base64url. */
const tokenShape = /^[A-Za-z0-9_-]{22}$/;

export class DeskTokens {
  readonly #key: Uint8Array;

  /** `key`: 32 bytes that serve no other purpose, `vault.derive('desk')`. */
  constructor(key: Uint8Array) {
    if (key.length !== 32) throw new Error('the cashier key must have 32 bytes');
    this.#key = key;
  }

  /** The same order has the same token, 22 characters, as long as the master key lives. */
  make({ home, id }: Key): string {
    const block = Buffer.alloc(blockBytes);
    block.writeUInt8(home, 0);
    block.writeBigUInt64BE(id, 1);
    tag.copy(block, 9);
    // One block, so there is nothing to chain: ECB is the bare cipher.
    const cipher = createCipheriv('aes-256-ecb', this.#key, null).setAutoPadding(false);
    return Buffer.concat([cipher.update(block), cipher.final()]).toString('base64url');
  }

  /** Null for anything that `make` has not made with this key; nothing needs to be looked up to know that. */
  open(token: string): Key | null {
    if (!tokenShape.test(token)) return null;
    const sealed = Buffer.from(token, 'base64url');
    // The last character has four spare bits: other spellings of the same bytes are not the token.
    if (sealed.length !== blockBytes || sealed.toString('base64url') !== token) return null;
    const decipher = createDecipheriv('aes-256-ecb', this.#key, null).setAutoPadding(false);
    const block = Buffer.concat([decipher.update(sealed), decipher.final()]);
    if (!block.subarray(9).equals(tag)) return null;
    return { home: block.readUInt8(0), id: block.readBigUInt64BE(1) };
  }
}
