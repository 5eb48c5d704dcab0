/** Days as a channel counts them: from midnight to midnight of its own zone, however long that is. */
import type { Instant } from './world.ts';

export interface Span {
  readonly from: Instant;
  /** The first instant after it. */
  readonly to: Instant;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Zones lie between 12 hours behind and 14 hours before Greenwich. */
const farthestMs = 15 * hourMs;

/** Is it the IANA name of a zone? */
export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).format(0) !== '';
  } catch {
    return false;
  }
}

/** YYYY-MM-DD of a day that exists. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && dayText(at, 'UTC') === text;
}

/** The day an instant falls on in that zone, YYYY-MM-DD. */
export function dayText(at: Instant, zone: string): string {
  return clockOf(zone)(at);
}

function clockOf(zone: string): (at: Instant) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (at) => format.format(at);
}

/**
 * From the first instant of the day to the first of the next. Days of 23 or 25 hours are what they are; where clocks go forward at
 * midnight, the day begins when they have.
 */
export function daySpan(day: string, zone: string): Span {
  const noon = Date.parse(`${day}T12:00:00Z`);
  const clock = clockOf(zone);
  const next = dayText(noon + dayMs, 'UTC');
  return { from: beginning(day, noon - dayMs / 2, clock), to: beginning(next, noon + dayMs / 2, clock) };
}

/** The first instant whose clock shows that day or a later one. `midnight`: that of Greenwich. */
function beginning(day: string, midnight: Instant, clock: (at: Instant) => string): Instant {
  let [before, after] = [midnight - farthestMs, midnight + farthestMs];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (clock(middle) < day) before = middle;
    else after = middle;
  }
  return after;
}
