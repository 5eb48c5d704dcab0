/** The console's cookies, and the checks that a request really came from its pages (T087). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebRequest } from '../web.ts';

/** `__Host-` cannot be set from a neighbouring host; it exists over https only. */
function sessionName(isSecure: boolean): string {
  return isSecure ? '__Host-kanal' : 'kanal-console';
}

export function cookiesOf({ headers }: WebRequest): ReadonlyMap<string, string> {
  const pairs = (headers['cookie'] ?? '').split(';').map((one) => one.trim().split('='));
  return new Map(pairs.map(([name = '', ...rest]) => [name, rest.join('=')]));
}

export function sessionToken(request: WebRequest, isSecure: boolean): string | null {
  const token = cookiesOf(request).get(sessionName(isSecure)) ?? '';
  return /^[A-Za-z0-9_-]{43}$/.test(token) ? token : null;
}

/** No `Max-Age`: it ends with the browser, and on the server whatever the browser thinks. */
export function sessionCookie(token: string, isSecure: boolean): string {
  return `${sessionName(isSecure)}=${token}; Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

export function noSessionCookie(isSecure: boolean): string {
  return `${sessionCookie('', isSecure)}; Max-Age=0`;
}

export function languageCookie(language: string, isSecure: boolean): string {
  return `kanal-language=${language}; Path=/console; Max-Age=31536000; SameSite=Lax${isSecure ? '; Secure' : ''}`;
}

/** Made from the session's own secret: another session's token, or none, does not fit. */
export function csrfToken(session: string): string {
  return createHmac('sha256', session).update('kanal console form').digest('base64url');
}

export function isCsrfToken(given: string, session: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(csrfToken(session))];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A note travels in the address, so it is marked: a link that somebody made up says nothing in our name. */
export function markedNote(note: string, session: string): string {
  return `${createHmac('sha256', session).update(`kanal console note ${note}`).digest('base64url')}.${note}`;
}

/** → the text of a marked note of this very session, or null */
export function noteOf(marked: string, session: string): string | null {
  const note = marked.slice(marked.indexOf('.') + 1);
  const [a, b] = [Buffer.from(marked), Buffer.from(markedNote(note, session))];
  return a.length === b.length && timingSafeEqual(a, b) ? note : null;
}

/** Browsers say with every form where it came from; a form that does not say so is not taken. */
export function isFromHere({ headers }: WebRequest, publicUrl: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  const from = headers['origin'] ?? headers['referer'];
  if (from === undefined || !URL.canParse(from)) return false;
  const ours = [headers['host'], URL.canParse(publicUrl) ? new URL(publicUrl).host : undefined];
  return ours.includes(new URL(from).host);
}
