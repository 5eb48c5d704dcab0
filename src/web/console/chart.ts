/** Charts as SVG, drawn here: no script, no inline style. Labels are ordinary text beside them, readable at every width. */
import { type Html, html } from '../html.ts';

export interface Bar {
  readonly label: string;
  /** What a pointer resting on it reads. */
  readonly title: string;
  readonly value: bigint;
}

const height = 120;
const step = 20;

/** Heights are whole pixels of the drawing, so that money never becomes a floating point number. */
function heightOf(value: bigint, most: bigint): number {
  return most === 0n ? 0 : Number((value * BigInt(height - 6)) / most);
}

export function bars(list: readonly Bar[], about: string): Html {
  const most = list.reduce((max, { value }) => (value > max ? value : max), 0n);
  const width = list.length * step;
  const lines = [0.25, 0.5, 0.75].map(
    (part) => html`<line x1="0" x2="${width}" y1="${height * part}" y2="${height * part}" class="grid"/>`,
  );
  const drawn = list.map(({ title, value }, index) => {
    const tall = heightOf(value, most) + (value > 0n ? 3 : 0);
    return html`<g><title>${title}</title><rect x="${index * step}" y="0" width="${step}" height="${height}" class="over"/><rect x="${index * step + 3}" y="${height - tall}" width="${step - 6}" height="${tall}" class="bar"/></g>`;
  });
  // One label per bar where there is room, else every few; the last one is always told.
  const every = Math.ceil(list.length / 7);
  const labels = list.map(({ label }, index) => ((list.length - 1 - index) % every === 0 ? label : ''));
  return html`<figure class="chart"><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${about}">${lines}${drawn}</svg><figcaption>${labels.map((label) => html`<span>${label}</span>`)}</figcaption></figure>`;
}

export interface Slice {
  readonly label: string;
  readonly count: number;
}

/** Lines of label, bar and share. */
export function slices(list: readonly Slice[]): Html {
  const all = list.reduce((sum, { count }) => sum + count, 0);
  return html`<ul class="shares">${list.map(({ label, count }) => {
    const share = all === 0 ? 0 : Math.round((count * 100) / all);
    return html`<li><span>${label}</span><svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="6" class="track"/><rect width="${share}" height="6" class="bar"/></svg><span class="share">${share} %</span></li>`;
  })}</ul>`;
}

/** A median and what lies far above it, on one scale with the others: both in the same unit as `most`. */
export function spread(median: number, slow: number, most: number): Html {
  const part = (value: number) => (most <= 0 ? 0 : Math.max(1, Math.round((value * 100) / most)));
  return html`<svg class="spread" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="6" class="track"/><rect width="${part(slow)}" height="6" class="far"/><rect width="${part(median)}" height="6" class="bar"/></svg>`;
}
