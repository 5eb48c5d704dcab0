/** Time zones as merchants write them (row 25): an IANA name, an offset, or the Chinese words for Chinese time. */
import type { Instant } from '../../core/world.ts';
import type { Leaf } from '../message.ts';
import { invalid } from '../message.ts';

const chinese: ReadonlySet<string> = new Set(['中国标准时间', '中國標準時間']);
const offsetGrammar = /^(?:GMT|UTC)?([+-])(0?[0-9]|1[0-4]):?([0-5][0-9])?$/;
const chinaMinutes = 480;

type Clock = (instant: Instant) => Date;

function fixed(minutes: number): Clock {
  return (instant) => new Date(instant + minutes * 60_000);
}

const clocks = new Map<string, Clock>();
const mostClocks = 1_000;

/** A clock whose UTC fields show the zone's time; null for text that is no zone. */
function clockOf(zone: string): Clock | null {
  const known = clocks.get(zone);
  if (known) return known;
  const made = makeClock(zone);
  if (made && clocks.size < mostClocks) clocks.set(zone, made);
  return made;
}

function makeClock(zone: string): Clock | null {
  if (chinese.has(zone)) return fixed(chinaMinutes);
  const offset = offsetGrammar.exec(zone);
  if (offset) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? '0');
    return fixed(offset[1] === '-' ? -minutes : minutes);
  }
  return /^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/.test(zone) ? named(zone) : null;
}

function named(zone: string): Clock | null {
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    return (instant) => {
      const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
      const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
      return new Date(Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')));
    };
  } catch {
    // RangeError: there is no such zone.
    return null;
  }
}

export const timeZone: Leaf<string> = {
  read(value, name) {
    if (typeof value !== 'string' || value.length > 64 || clockOf(value) === null)
      throw invalid(name, `${name} must be an IANA zone, an offset such as +08:00, or 中国标准时间`);
    return value;
  },
  write: (value) => value,
};

/** yyyyMMddHHmmss on the clocks of a zone; Chinese time when there is none. */
export function formatTime(instant: Instant, zone: string | null): string {
  const clock = (zone === null ? null : clockOf(zone)) ?? fixed(chinaMinutes);
  return clock(instant).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '');
}

/** The moment such a text means on Chinese clocks; null for anything else. */
export function parseTime(text: string): Instant | null {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (!match) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const instant = Date.UTC(year, month - 1, day, hour, minute, second) - chinaMinutes * 60_000;
  return formatTime(instant, null) === text ? instant : null;
}
