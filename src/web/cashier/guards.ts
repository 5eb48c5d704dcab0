/** What stands around every page for payers: headers that keep scripts, frames and caches of others away. */
import type { Html } from '../html.ts';
import type { WebReply } from '../web.ts';

/** No inline script or style, no foreign host, no frame around it (T082, T086). `connect-src` is for asking the state. */
const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  // Our scripts make no markup from text; where browsers know this rule, nobody else's could either.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export const guards = {
  'content-security-policy': policy,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // Not `no-referrer`: browsers would then send `Origin: null` with our own form. To others nothing is sent either way.
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
} as const;

export function pageReply(status: number, page: Html, more: Readonly<Record<string, string>> = {}): WebReply {
  return {
    status,
    headers: { ...guards, ...more, 'content-type': 'text/html; charset=utf-8', vary: 'accept-language' },
    body: page.toString(),
  };
}
