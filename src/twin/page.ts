/** The payer's page of a twin: one order, three buttons, no script. Everything shown is escaped. */
import { exponents, formatDecimal } from '../core/money.ts';
import type { ReplyWire } from '../protocols/protocol.ts';
import type { TwinOrder } from './order.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dd{margin:0;overflow-wrap:anywhere}dt{color:#555}' +
  'button{font:inherit;padding:.5rem 1rem;margin:.5rem .5rem 0 0;border:1px solid #555;border-radius:.3rem;background:#fff;cursor:pointer}' +
  'button.pay{background:#0a5c36;border-color:#0a5c36;color:#fff}';

/** No script, no frame, no foreign content; the form goes back to this page only. */
const headers = [
  ['content-type', 'text/html; charset=utf-8'],
  [
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  ],
  ['cache-control', 'no-store'],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
] as const;

function html(status: number, title: string, body: string): ReplyWire {
  const text =
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${escaped(title)}</title><style>${style}</style></head><body><main><h1>${escaped(title)}</h1>${body}</main></body></html>`;
  return { kind: 'reply', status, headers, body: new TextEncoder().encode(text) };
}

function row(name: string, value: string | null): string {
  return value === null ? '' : `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`;
}

export function payerPage(order: TwinOrder, code: string): ReplyWire {
  const { currency, minor } = order.amount;
  const rows =
    row('Order', order.reference) +
    row('For', order.subject) +
    row('Amount', `${currency} ${formatDecimal(minor, exponents[currency])}`) +
    row('Pay with', [order.method, order.option].filter((part) => part !== null).join(' ')) +
    row('Code', order.payCode) +
    row('SMS code', order.outcome === 'pending' && order.confirmedAt === null ? order.smsCode : null) +
    row('State', order.outcome);
  return html(
    200,
    'Pretend to be the payer',
    `<dl>${rows}</dl>${order.outcome === 'pending' ? form(code) : back(order)}`,
  );
}

function form(code: string): string {
  return (
    `<form method="post" action="/pay"><input type="hidden" name="code" value="${escaped(code)}">` +
    '<button class="pay" name="outcome" value="paid">Pay</button>' +
    '<button name="outcome" value="declined">Decline</button>' +
    '<button name="outcome" value="cancelled">Cancel</button></form>'
  );
}

function back({ returnUrl }: TwinOrder): string {
  if (returnUrl === null || !/^https?:\/\//i.test(returnUrl)) return '';
  return `<p><a href="${escaped(returnUrl)}">Back to the shop</a></p>`;
}

export function nothingToPay(code: string): ReplyWire {
  return html(404, 'Nothing to pay', `<p>No order has the code ${escaped(code)}.</p>`);
}
