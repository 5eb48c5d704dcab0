/**
 * Rules of a document that the flows keep for its merchants, as data. A protocol names only what differs from the usual, so
 * that no flow knows a protocol by name.
 */
import type { Method } from './commands.ts';
import type { Currency } from './money.ts';

export interface CancelRule {
  /** What can be cancelled; the rest can be closed. */
  readonly methods: readonly (Method | 'any')[];
  /** Youngest order that may be cancelled, milliseconds since it was made; scaled. */
  readonly minAgeMs: number;
  /** Hours of the day in which the merchant may ask for it, both ends included: "01:00-23:00". Never scaled. */
  readonly hours: string;
  /** IANA zone of the hours. */
  readonly zone: string;
}

export interface Conduct {
  /** The same content under a number that is taken: answered as the first time, or refused like any other. */
  readonly repeats: 'answered' | 'refused';
  /**
   * A barcode payment is answered when it is decided, and reversed when it still is not after so many milliseconds (scaled).
   * Null = answered with whatever the wallet said first.
   */
  readonly barcodeMs: number | null;
  readonly cancel: CancelRule | null;
  /** Orders in another currency keep the day's rate and the amount in this one. */
  readonly settles: Currency | null;
  /** Are payments without a method shown as a one-code page, which any wallet can open? */
  readonly oneCodePage: boolean;
  /** Does a query of a payment tell about its refunds one by one: that the last one failed, what they were in the charged currency? */
  readonly showsRefunds: boolean;
  /** A failed refund that is asked for again under its own number: told as it is, or begun again. */
  readonly failedRefunds: 'answered' | 'begun-again';
}

export const usualConduct: Conduct = {
  repeats: 'answered',
  barcodeMs: null,
  cancel: null,
  settles: null,
  oneCodePage: false,
  showsRefunds: false,
  failedRefunds: 'answered',
};

const clocks = new Map<string, Intl.DateTimeFormat>();

/** "HH:mm:ss" on the clocks of a zone. Throws RangeError for a zone that does not exist. */
function timeOfDay(at: number, zone: string): string {
  let clock = clocks.get(zone);
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'medium', hourCycle: 'h23' });
    clocks.set(zone, clock);
  }
  return clock.format(at);
}

/** Is the moment inside "HH:mm-HH:mm", both full minutes included (01:00:00 ≤ t ≤ 23:00:00)? Hours may span midnight. */
export function isWithinHours(at: number, hours: string, zone: string): boolean {
  const [from = '', to = ''] = hours.split('-');
  const now = timeOfDay(at, zone);
  const after = now >= `${from}:00`;
  const before = now <= `${to}:00`;
  return from <= to ? after && before : after || before;
}

const days = new Map<string, Intl.DateTimeFormat>();

/** "yyyy-MM-dd" in a zone. */
export function dayIn(at: number, zone: string): string {
  let calendar = days.get(zone);
  if (!calendar) {
    calendar = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' });
    days.set(zone, calendar);
  }
  return calendar.format(at);
}
