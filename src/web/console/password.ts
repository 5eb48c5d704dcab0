/**
 * Passwords as argon2id texts (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`). Pure JavaScript takes about 0.3 s: it yields to the
 * event loop every few milliseconds and hashes one after the other, so that signing in never makes payments wait.
 */
import { timingSafeEqual } from 'node:crypto';
import { argon2idAsync } from '@noble/hashes/argon2.js';
import { Refusal } from '../../core/refusal.ts';

/** OWASP's first recommendation: 19 MiB, two passes, one lane. */
const cost = { m: 19_456, t: 2, p: 1 } as const;
const yieldEveryMs = 5;
/** More than that many waiting: somebody floods us. */
const mostWaiting = 8;

export const shortestPassword = 12;
export const longestPassword = 128;

let last: Promise<unknown> = Promise.resolve();
let waiting = 0;

function ended(): void {
  return;
}

/** One at a time. Throws Refusal `busy` when too many wait already. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting >= mostWaiting) throw new Refusal('busy', { text: 'too many people sign in at this moment' });
  waiting += 1;
  const mine = last.then(work).finally(() => {
    waiting -= 1;
  });
  // Whoever waits for this one is told what went wrong; the next one only waits for its end.
  last = mine.then(ended, ended);
  return mine;
}

function digest(password: string, salt: Uint8Array, { m, t, p }: typeof cost | Parameters): Promise<Uint8Array> {
  // NFKC: the same password typed on another keyboard has the same bytes.
  const bytes = new TextEncoder().encode(password.normalize('NFKC'));
  return inTurn(() => argon2idAsync(bytes, salt, { m, t, p, asyncTick: yieldEveryMs }));
}

interface Parameters {
  readonly m: number;
  readonly t: number;
  readonly p: number;
}

const unpadded = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('base64')
    .replace(/={1,2}$/, '');

/** `salt`: 16 random bytes. */
export async function hashPassword(password: string, salt: Uint8Array): Promise<string> {
  const hash = await digest(password, salt, cost);
  return `$argon2id$v=19$m=${cost.m},t=${cost.t},p=${cost.p}$${unpadded(salt)}$${unpadded(hash)}`;
}

const encoded =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;
/** What is compared with when there is no such user: the same work, and never equal. */
const nobodys = `$argon2id$v=19$m=${cost.m},t=${cost.t},p=${cost.p}$${unpadded(new Uint8Array(16))}$${unpadded(new Uint8Array(32))}`;

/** Takes the same time for an unknown user (`kept` null) as for a wrong password (T088). */
export async function checkPassword(password: string, kept: string | null): Promise<boolean> {
  const [, m, t, p, salt = '', hash = ''] = encoded.exec(kept ?? nobodys) ?? [];
  const wanted = Buffer.from(hash, 'base64');
  const parameters = { m: Number(m), t: Number(t), p: Number(p) };
  const made = Buffer.from(
    await digest(password.slice(0, longestPassword * 4), Buffer.from(salt, 'base64'), parameters),
  );
  return kept !== null && made.length === wanted.length && timingSafeEqual(made, wanted);
}
