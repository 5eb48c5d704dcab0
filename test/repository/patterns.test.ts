/**
 * Every pattern that is written in the source takes time in proportion to the text (T107): long runs of each character, spoilt at the
 * end, as somebody would send them. A pattern that backtracks needs a thousand times as long, so that a noisy machine does not matter.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf, sourcesBelow } from './source.ts';

interface Pattern {
  readonly place: string;
  readonly pattern: RegExp;
}

const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
const pumps = ['\t', '\n', '中', ...ascii];
/** Of what doubles with each further character, few are enough; of what grows with the square, many are needed. */
const lengths = [8, 16, 24, 32, 100, 1_000, 10_000];
/** Fifty to a hundred times what a linear pattern takes for the longest. */
const mostMs = 10;

function written(): Pattern[] {
  return sourcesBelow('src').flatMap(({ path, text, code }) =>
    [...code.matchAll(/\/ +\/(?<flags>[a-z]*)/g)].flatMap(({ 0: whole, index, groups }) => {
      const flags = (groups?.['flags'] ?? '').replace(/[gy]/, '');
      const body = text.slice(index + 1, index + whole.lastIndexOf('/'));
      return [{ place: `${path}:${lineOf(text, index)} ${body}`, pattern: new RegExp(body, flags) }];
    }),
  );
}

/** The text that takes too long, or null. */
function slowest({ pattern }: Pattern): string | null {
  for (const pump of pumps)
    for (const length of lengths) {
      const attack = `${pump.repeat(length)}\0`;
      if (tookMs(pattern, attack) > mostMs && tookMs(pattern, attack) > mostMs && tookMs(pattern, attack) > mostMs)
        return `${JSON.stringify(pump)} × ${length}`;
    }
  return null;
}

function tookMs(pattern: RegExp, text: string): number {
  const began = performance.now();
  pattern.test(text);
  return performance.now() - began;
}

test('the proof finds patterns that backtrack', () => {
  for (const pattern of [/^(a|a)*$/, /^(\d+)+$/, /=+$/, /^\s*\n\s*x/, /\B(?=(?:\d{3})+$)/])
    assert.notEqual(slowest({ place: '', pattern }), null, String(pattern));
  assert.equal(slowest({ place: '', pattern: /^[0-9]{1,22}$/ }), null);
});

test('no pattern of ours does', () => {
  const all = written();
  assert.ok(all.length > 400, `${all.length} found`);
  const slow = all.flatMap((one) => {
    const attack = slowest(one);
    return attack === null ? [] : [`${one.place}: ${attack}`];
  });
  assert.deepEqual(slow, []);
});
