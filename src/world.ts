/** The real World: clock, chance, identifiers, network, log. Made once per process. */
import { randomFillSync } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { idEpoch, idTimeShift } from './core/ids.ts';
import type { Instant, Log, Send, World } from './core/world.ts';

export interface WorldOptions {
  readonly log: Log;
  readonly send: Send;
  /** Business waits pass that many times faster. */
  readonly timeScale: number;
  /** 0–1023, unlike that of any other process on the same database. */
  readonly slot: number;
  readonly now: () => Instant;
}

export function makeWorld(options: WorldOptions): World {
  return {
    ...clock,
    now: options.now,
    nonce: nonceMaker(),
    newId: idMaker(options.slot, options.now),
    scaled: (ms) => Math.ceil(ms / options.timeScale),
    send: options.send,
    log: options.log,
  };
}

/** What is needed before there is a database to take a slot from. */
export const clock: Pick<World, 'now' | 'monotonic' | 'sleep'> = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    if (signal?.aborted) return;
    // An aborted sleep is over, not broken.
    await wait(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};

const stockBytes = 4096;

/** Random bytes out of a stock, because a call into the generator costs as much for four kilobytes as for four bytes. */
export function nonceMaker(): (bytes: number) => Uint8Array {
  const stock = new Uint8Array(stockBytes);
  let used = stockBytes;
  return (bytes) => {
    if (bytes > stockBytes) return randomFillSync(new Uint8Array(bytes));
    if (used + bytes > stockBytes) {
      randomFillSync(stock);
      used = 0;
    }
    const taken = stock.slice(used, used + bytes);
    // What was given out must not lie about here as well.
    stock.fill(0, used, used + bytes);
    used += bytes;
    return taken;
  };
}

/** 41 bits of milliseconds, 10 of process, 12 of counter: time-ordered, and never twice, even if the clock steps back. */
export function idMaker(slot: number, now: () => number): () => bigint {
  let last = 0;
  let counter = 0;
  return () => {
    const present = now() - idEpoch;
    if (present > last) {
      last = present;
      counter = 0;
    } else if (++counter === 4096) {
      // More than four million a second, or a clock that stands still: borrow from the next millisecond.
      last += 1;
      counter = 0;
    }
    return (BigInt(last) << idTimeShift) | (BigInt(slot & 1023) << 12n) | BigInt(counter);
  };
}

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

/** One JSON line per event, from `level` up. Secrets never reach it: no caller passes one, and a test greps every output for canaries. */
export function makeLog(
  level: Level | 'silent',
  write: (line: string) => void = (line) => process.stderr.write(line),
): Log {
  const lowest = level === 'silent' ? levels.length : levels.indexOf(level);
  const writer = (name: Level, place: number): Log[Level] =>
    place < lowest
      ? () => undefined
      : (event, fields) =>
          write(`${JSON.stringify({ time: new Date().toISOString(), level: name, event, ...fields })}\n`);
  return { debug: writer('debug', 0), info: writer('info', 1), warn: writer('warn', 2), error: writer('error', 3) };
}
