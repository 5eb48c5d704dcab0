/** The pages of a twin: its newest orders, and the payer's page of one, with three buttons. No script; everything shown is escaped. */
import { exponents, formatDecimal, grouped, type Money } from '../core/money.ts';
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

const style = `
:root{color-scheme:light dark;--page:#f3f4f1;--card:#fff;--ink:#17201c;--soft:#5a665f;--line:#dfe4df;--accent:#0b6b4f;--on:#fff;--tint:#fff5e0;--warn:#8a5a00}
@media(prefers-color-scheme:dark){:root{--page:#101512;--card:#1a211d;--ink:#e9efeb;--soft:#a3b0a8;--line:#303a34;--accent:#5fcfa3;--on:#06241a;--tint:#33290f;--warn:#f0c670}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}
main{max-width:480px;margin:0 auto;background:var(--card);overflow:hidden}
section{padding:20px}
.note{margin:0;padding:6px 20px;background:var(--tint);color:var(--warn);font-size:13px;font-weight:600;text-align:center}
h1{margin:0;font-size:16px;font-weight:400;color:var(--soft)}
.amount{margin:0 0 12px;font-size:36px;line-height:1.2;font-weight:700;font-variant-numeric:tabular-nums}
dl{display:grid;grid-template-columns:max-content 1fr;gap:8px 16px;margin:0;font-size:14px}
dt{color:var(--soft)}dd{margin:0;text-align:right}
dd.code{font:12px/1.5 ui-monospace,Menlo,Consolas,monospace;word-break:break-all}
form{display:grid;grid-template-columns:1fr 1fr;gap:10px;margin-top:20px}
button{font:inherit;padding:11px 16px;border:1px solid var(--line);border-radius:10px;background:var(--card);color:var(--ink);cursor:pointer}
button.pay{grid-column:1/-1;background:var(--accent);border-color:var(--accent);color:var(--on);font-weight:600}
button:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
a{color:var(--accent)}p{margin:12px 0 0}
ul{list-style:none;margin:12px 0 0;padding:0}
li a{display:flex;justify-content:space-between;gap:16px;padding:12px 0;border-top:1px solid var(--line);color:inherit;text-decoration:none}
li b{font-variant-numeric:tabular-nums;white-space:nowrap}li small{display:block;color:var(--soft)}li span:last-child{text-align:right;white-space:nowrap}
@media(min-width:600px){main{margin:48px auto;border:1px solid var(--line);border-radius:16px;box-shadow:0 12px 32px rgb(0 0 0/8%)}section{padding:24px 32px}}
`;

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
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<title>${escaped(title)}</title><style>${style}</style></head><body><main>` +
    `<p class="note">Twin: no real money moves</p>` +
    `<section><h1>${escaped(title)}</h1>${body}</section></main></body></html>`;
  return { kind: 'reply', status, headers, body: new TextEncoder().encode(text) };
}

/** 'IDR 20,000' */
function amountOf({ currency, minor }: Money): string {
  const [whole = '', fraction] = formatDecimal(minor, exponents[currency]).split('.');
  return `${currency} ${grouped(whole, ',')}${fraction === undefined ? '' : `.${fraction}`}`;
}

function meansOf({ operation, method, option }: TwinOrder): string {
  const means = [method ?? operation, option].filter((part) => part !== null);
  return means.join(', ').replaceAll('-', ' ');
}

function row(name: string, value: string | null, className = ''): string {
  const attribute = className === '' ? '' : ` class="${className}"`;
  return value === null ? '' : `<dt>${escaped(name)}</dt><dd${attribute}>${escaped(value)}</dd>`;
}

export function payerPage(order: TwinOrder, code: string): ReplyWire {
  const rows =
    row('For', order.subject) +
    row('Pay with', meansOf(order)) +
    row('State', order.outcome) +
    row('SMS code', order.outcome === 'pending' && order.confirmedAt === null ? order.smsCode : null) +
    row('Reference', order.reference, 'code') +
    row('Code', order.payCode, 'code');
  return html(
    200,
    'Pretend to be the payer',
    `<p class="amount">${escaped(amountOf(order.amount))}</p><dl>${rows}</dl>` +
      `${order.outcome === 'pending' ? form(code) : back(order)}<p><a href="/">All orders</a></p>`,
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

/** What the bank has heard of, newest first; each leads to its payer's page. */
export function ordersPage(name: string, orders: readonly TwinOrder[]): ReplyWire {
  const items = orders.map(
    (order) =>
      `<li><a href="/pay?code=${encodeURIComponent(order.reference)}"><span>${escaped(order.subject ?? order.reference)}` +
      `<small>${escaped(meansOf(order))}</small></span><span><b>${escaped(amountOf(order.amount))}</b>` +
      `<small>${escaped(order.outcome)}</small></span></a></li>`,
  );
  const list = items.length === 0 ? '<p>None has come yet.</p>' : `<ul>${items.join('')}</ul>`;
  return html(200, `Orders at the ${name} twin`, list);
}

export function nothingToPay(code: string): ReplyWire {
  return html(404, 'Nothing to pay', `<p>No order has the code ${escaped(code)}.</p><p><a href="/">All orders</a></p>`);
}
