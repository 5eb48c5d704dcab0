/**
 * Where two texts differ, word by word and then character by character. What is secret is compared as it is and shown as ***, so that a
 * difference shows and its content does not.
 */
import { secretSpans } from '../api/mask.ts';

export interface Part {
  /** In both, or only in the one. */
  readonly kind: 'same' | 'ours' | 'theirs';
  /** As it may be shown. */
  readonly text: string;
}

interface Token {
  /** What is compared. */
  readonly real: string;
  readonly shown: string;
}

interface Run {
  readonly kind: Part['kind'];
  readonly tokens: readonly Token[];
}

/** More pairs of words than this are not compared: the texts have little in common then. */
const mostPairs = 1_000_000;

/** In the order of reading; what was replaced stands before what replaced it. */
export function difference(ours: string, theirs: string): readonly Part[] {
  const [mine, other] = [tokensOf(ours), tokensOf(theirs)];
  const head = commonLength(mine, other, (list, index) => list[index]);
  const rest: [readonly Token[], readonly Token[]] = [mine.slice(head), other.slice(head)];
  const tail = commonLength(rest[0], rest[1], (list, index) => list[list.length - 1 - index]);
  const [a, b] = [rest[0].slice(0, rest[0].length - tail), rest[1].slice(0, rest[1].length - tail)];
  const same = (tokens: readonly Token[]): Run => ({ kind: 'same', tokens });
  const runs = [same(mine.slice(0, head)), ...between(a, b), same(mine.slice(mine.length - tail))];
  return joined(withoutIslands(grouped(runs)));
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const add = (part: string) => {
    for (const [real] of part.matchAll(/[\p{L}\p{N}_]+|[^]/gu)) tokens.push({ real, shown: real });
  };
  let at = 0;
  for (const [from, to] of secretSpans(text)) {
    add(text.slice(at, from));
    tokens.push({ real: text.slice(from, to), shown: '***' });
    at = to;
  }
  add(text.slice(at));
  return tokens;
}

function commonLength(
  a: readonly Token[],
  b: readonly Token[],
  at: (list: readonly Token[], index: number) => Token | undefined,
): number {
  const most = Math.min(a.length, b.length);
  let count = 0;
  while (count < most && at(a, count)?.real === at(b, count)?.real) count += 1;
  return count;
}

/** The longest words in common, in order. */
function between(a: readonly Token[], b: readonly Token[]): readonly Run[] {
  if (a.length * b.length > mostPairs)
    return [
      { kind: 'ours', tokens: a },
      { kind: 'theirs', tokens: b },
    ];
  const lengths = commonLengths(a, b);
  const width = b.length + 1;
  const runs: Run[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]];
    if (one && other && one.real === other.real) {
      runs.push({ kind: 'same', tokens: [one] });
      i += 1;
      j += 1;
    } else if (one && (!other || (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0))) {
      runs.push({ kind: 'ours', tokens: [one] });
      i += 1;
    } else if (other) {
      runs.push({ kind: 'theirs', tokens: [other] });
      j += 1;
    }
  }
  return runs;
}

/** How many characters the tails from each pair of places on have in common: long words count more than signs. */
function commonLengths(a: readonly Token[], b: readonly Token[]): Uint32Array {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const isSame = a[i]?.real === b[j]?.real;
      const without = Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
      const within = isSame ? (lengths[(i + 1) * width + j + 1] ?? 0) + (a[i]?.real.length ?? 0) : 0;
      lengths[i * width + j] = Math.max(without, within);
    }
  return lengths;
}

/** Neighbours of one kind as one; between two that both have, first all of ours, then all of theirs. */
function grouped(runs: readonly Run[]): readonly Run[] {
  const made: Run[] = [];
  let open: Record<'ours' | 'theirs', Token[]> = { ours: [], theirs: [] };
  const close = () => {
    for (const kind of ['ours', 'theirs'] as const) if (open[kind].length > 0) made.push({ kind, tokens: open[kind] });
    open = { ours: [], theirs: [] };
  };
  for (const { kind, tokens } of runs) {
    if (kind !== 'same') open[kind].push(...tokens);
    else if (tokens.length > 0) {
      close();
      const last = made.at(-1);
      if (last?.kind === 'same') made[made.length - 1] = { kind, tokens: [...last.tokens, ...tokens] };
      else made.push({ kind, tokens });
    }
  }
  close();
  return made;
}

/** A few signs in common between two differences help nobody to read. */
const mostSigns = 5;

function withoutIslands(runs: readonly Run[]): readonly Run[] {
  const isIsland = ({ kind, tokens }: Run, index: number) =>
    kind === 'same' &&
    index > 0 &&
    index < runs.length - 1 &&
    tokens.length <= mostSigns &&
    tokens.every(({ real }) => /^[^\p{L}\p{N}]$/u.test(real));
  const dissolved = runs.flatMap((run, index): readonly Run[] =>
    isIsland(run, index)
      ? [
          { kind: 'ours', tokens: run.tokens },
          { kind: 'theirs', tokens: run.tokens },
        ]
      : [run],
  );
  return grouped(dissolved);
}

function joined(runs: readonly Run[]): readonly Part[] {
  return runs
    .flatMap((run, index): readonly Part[] => {
      const [before, behind] = [runs[index - 1], runs[index + 1]];
      if (run.kind === 'ours' && behind?.kind === 'theirs') return replaced(run, behind);
      // Told with what it replaces.
      return run.kind === 'theirs' && before?.kind === 'ours' ? [] : [{ kind: run.kind, text: shownOf(run) }];
    })
    .filter(({ text }) => text !== '');
}

function shownOf({ tokens }: Run): string {
  return tokens.map(({ shown }) => shown).join('');
}

/** One replaced by the other: what they have in common at both ends is no difference. What is hidden stays whole. */
function replaced(ours: Run, theirs: Run): readonly Part[] {
  const [a, b] = [Array.from(shownOf(ours)), Array.from(shownOf(theirs))];
  const isHidden = [...ours.tokens, ...theirs.tokens].some(({ real, shown }) => real !== shown);
  const most = isHidden ? 0 : Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < most - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const text = (list: readonly string[], from: number, to: number) => list.slice(from, to).join('');
  return [
    { kind: 'same', text: text(a, 0, head) },
    { kind: 'ours', text: text(a, head, a.length - tail) },
    { kind: 'theirs', text: text(b, head, b.length - tail) },
    { kind: 'same', text: text(a, a.length - tail, a.length) },
  ];
}
