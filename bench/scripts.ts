/**
 * The references: what Kanal stores, row by row, as pgbench scripts with one transaction per order. `:n` counts per client, so
 * that identifiers are unique and time-ordered like ours; home, references and numbers are as random as ours.
 */
import { channelId, firstCredential, firstMerchant } from './parties.ts';

/** A literal that pgbench leaves alone: it would take `:9999` for a variable, inside quotes too. */
function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll(':', '\\072')}'`;
}

/** Identifiers of up to 64 clients within one "millisecond" of `:base`. */
const identity = `\\set n :n + 1
\\set m random(0, 255)
\\set r random(1000000000000000, 9999999999999999)
\\set id :base + :n * 64 + :client_id
`;

const fingerprint = `'\\x${'5a'.repeat(32)}'`;
export const notifyUrl = 'http://127.0.0.1:9999/hook';
const detail = (notify: string) =>
  literal(
    `{"subject": "Electronic Cigarettes", "payer": {"name": "Reza Wijaya", "phone": null, "email": null, "country": "ID"}, "notify": {"kind": "http", "url": "${notify}"}, "returnUrl": null, "extras": {"remark": "Electronic Cigarettes", "signCase": "upper"}}`,
  );

const number = `insert into numbers (home, merchant_id, space, number, kind, object_id, fingerprint)
  values (:m::smallint, ${firstMerchant} + :m::bigint, ${literal('payin:payment')}, 'B' || :id::text, 'payment', :id::bigint, ${fingerprint})
  on conflict do nothing returning object_id;
`;

function payment(kind: 'desk' | 'bound'): string {
  const isBound = kind === 'bound';
  return `insert into payments (home, id, merchant_id, credential_id, protocol, order_no, platform_no, state, method, option,
    amount, currency, fee, channel_id, reference, created_at, expires_at, detail)
  values (:m::smallint, :id::bigint, ${firstMerchant} + :m::bigint, ${firstCredential} + :m::bigint, 'payin', 'B' || :id::text,
    '${isBound ? 'PAYIN' : 'PAYDESK'}' || (100 + :m::int)::text || :r::text, '${isBound ? 'sending' : 'new'}',
    '${isBound ? 'qr' : 'any'}', ${isBound ? "'QRIS'" : 'null'}, 20000, 'IDR', 2500, ${isBound ? channelId : 'null'},
    ${isBound ? reference(':m::int', ':id') : 'null'}, :now::bigint, :now::bigint + 3600000, ${detail(notifyUrl)});
`;
}

/** Two hex digits of home and thirty random ones, which our own code computes again from the identifier. */
export function reference(home: string, id: string): string {
  return `lpad(to_hex(${home}), 2, '0') || substr(md5(${id}::text), 1, 30)`;
}

const attempt = `insert into attempts (home, id, kind, object_id, channel_id, reference, state, created_at)
  values (:m::smallint, :id::bigint, 'payment', :id::bigint, ${channelId}, ${reference(':m::int', ':id')}, 'sending', :now::bigint);
`;

const work = `insert into work (home, object_id, kind, due_at) values (:m::smallint, :id::bigint, 'payment', :now::bigint + 3600000);
`;

/** What a payDesk create stores: number, payment, work. */
export const createDesk = `${identity}begin;\n${number}${payment('desk')}${work}commit;\n`;

/** What a create with a channel stores before the call: number, payment, attempt, work. */
export const createBound = `${identity}begin;\n${number}${payment('bound')}${attempt}${work}commit;\n`;

const findAttempt = `select home, id, kind, object_id, channel_id, reference, state, not_found, not_found_since from attempts
  where home = :m::smallint and channel_id = ${channelId} and reference = ${reference(':m::int', ':id')};
`;
const lock = `select * from payments where home = :m::smallint and id = :id::bigint for no key update;
`;
const settleAttempt = (
  state: string,
) => `update attempts set state = '${state}', answered_at = coalesce(answered_at, :now::bigint)
  where home = :m::smallint and id = :id::bigint and state <> 'done';
`;
const event = (offset: number, to: string) => `insert into events (home, object_id, id, at, what, detail)
  values (:m::smallint, :id::bigint, :id::bigint + ${offset}, :now::bigint, 'changed',
    ${literal(`{"source": "callback", "event": "${to}", "from": "pending", "to": "${to}", "channel": "3000000", "reference": "00000000000000000000000000000000", "upstreamNo": "PAYIN8551790545658687488", "amount": {"minor": "20000", "currency": "IDR"}, "reason": null}`)});
`;
export const noticeBody =
  '{"amount":20000.00,"completionTime":"2026-01-15 10:07:06","fee":2500.0000,"mchOrderNo":"B1386503284355244033","merchantId":"1000000","nonceStr":"1733116026894","orderNo":"PAYIN8551790545658687488","orderStatus":"SUCCESS","payCode":"00020101","payType":"41"}';
const body = literal(noticeBody);
const outbox = `insert into notices (home, id, merchant_id, credential_id, protocol, object_kind, object_id, event, target_kind, target_url, body, created_at)
  values (:m::smallint, :id::bigint, ${firstMerchant} + :m::bigint, ${firstCredential} + :m::bigint, 'payin', 'payment', :id::bigint, 'payment.paid', 'http',
    ${literal(notifyUrl)}, ${body}, :now::bigint) on conflict (home, object_id, event, target_url) do nothing returning home, id;
insert into notices_due (home, id, merchant_id, host, due_at)
  values (:m::smallint, :id::bigint, ${firstMerchant} + :m::bigint, ${literal('127.0.0.1:9999')}, :now::bigint);
`;
const callback = `insert into callbacks (home, id, channel_id, received_at, method, target, headers, body, verdict, object_kind, object_id)
  values (:m::smallint, :id::bigint, ${channelId}, :now::bigint, 'POST', '/listen/${channelId}',
    ${literal('[["content-type", "application/json"], ["merchantid", "3006075"], ["sign", "[redacted]"], ["host", "127.0.0.1:9999"], ["content-length", "290"]]')},
    ${body}, 'changed', 'payment', :id::bigint);
`;
const unwork = `delete from work where home = :m::smallint and object_id = :id::bigint;
`;
const moves = `insert into moves (home, object_id, reason, object_kind, from_account, to_account, amount, currency, at) values
  (:m::smallint, :id::bigint, 'receive', 'payment', 'channel/${channelId}/clearing', 'merchant/' || (${firstMerchant} + :m::int)::text || '/available', 20000, 'IDR', :now::bigint),
  (:m::smallint, :id::bigint, 'receive-fee', 'payment', 'merchant/' || (${firstMerchant} + :m::int)::text || '/available', 'fees/income', 2500, 'IDR', :now::bigint);
`;
/** In key order like ours, so that nobody deadlocks. */
const balances = [
  [`'channel/${channelId}/clearing'`, -20000],
  [`'fees/income'`, 2500],
  [`'merchant/' || (${firstMerchant} + :m::int)::text || '/available'`, 17500],
]
  .map(
    ([account, change]) =>
      `update balances set available = available + ${change} where home = :m::smallint and account = ${account} and currency = 'IDR';\n`,
  )
  .join('');

const change = (
  to: 'paid' | 'pending',
) => `update payments set state = '${to}', paid = ${to === 'paid' ? 20000 : 0}, upstream_no = 'PAYIN8551790545658687488',
    pay_code = '00020101', finished_at = ${to === 'paid' ? ':now::bigint' : 'null'}, channel_extras = '{"payin.payType": "41"}'
  where home = :m::smallint and id = :id::bigint;
`;

/** Order `i` of those prepared: merchant `i % merchants`, so that clients work on different accounts unless there is one only. */
const prepared = `\\set n :n + 1
\\set i (:n - 1) * :clients + :client_id
\\set m :i % :merchants
\\set id :base + :i * 16
`;

/** What the door stores for a payment that was paid. */
export const finish = `${prepared}begin;\n${findAttempt}${lock}${change('paid')}${settleAttempt('done')}${event(1, 'paid')}${outbox}${unwork}${moves}${balances}commit;\n`;

/** Lock, update, two ledger rows and their balances, outbox: the least that a gateway must do. */
export const finishLean = `${prepared}begin;\n${lock}${change('paid')}${outbox}${moves}${balances}commit;\n`;

/** With the callback as it was received. */
export const finishCallback = `${prepared}begin;\n${findAttempt}${lock}${change('paid')}${settleAttempt('done')}${event(1, 'paid')}${outbox}${callback}${unwork}${moves}${balances}commit;\n`;

const due = `insert into work (home, object_id, kind, due_at) values (:m::smallint, :id::bigint, 'payment', :now::bigint + 60000)
  on conflict (home, object_id) do update set due_at = excluded.due_at, tries = 0;
`;
const answered = `begin;\n${findAttempt}${lock}${change('pending')}${settleAttempt('accepted')}${event(0, 'pending')}${due}commit;\n`;
const lease = `with leased as (update notices_due set due_at = :now::bigint + 60000, tries = tries + 1 where home = :m::smallint and id = :id::bigint
  returning home, id, tries) select n.*, l.tries from leased l join notices n using (home, id);
`;
const delivered = `begin;
insert into notice_attempts (home, notice_id, no, at, took_ms, outcome, status, answer)
  values (:m::smallint, :id::bigint, 1, :now::bigint, 3, 'acknowledged', 200, 'SUCCESS');
delete from notices_due where home = :m::smallint and id = :id::bigint;
update notices set state = 'done' where home = :m::smallint and id = :id::bigint;
commit;
`;

/** The whole life: create, answer, callback, notice leased and done; five transactions as in Kanal, one order after another. */
export const life = `${identity}begin;\n${number}${payment('bound')}${attempt}${work}commit;\n${answered}begin;\n${findAttempt}${lock}${change('paid')}${settleAttempt('done')}${event(1, 'paid')}${outbox}${callback}${unwork}${moves}${balances}commit;\n${lease}${delivered}`;

/** Payments that wait for their callback, `count` of them from `base` on, as SQL for the owner. */
export function waiting(base: bigint, count: number, over: number, now: number, notify: string): string {
  const rows = `from (select i, ${base} + i * 16 as id, (i % ${over})::int as m from generate_series(0, ${count - 1}) as s (i)) as o`;
  return `
    insert into payments (home, id, merchant_id, credential_id, protocol, order_no, platform_no, state, method, option,
      amount, currency, fee, channel_id, reference, upstream_no, pay_code, created_at, expires_at, detail)
    select m, id, ${firstMerchant} + m, ${firstCredential} + m, 'payin', 'B' || id, 'PAYIN' || (100 + m) || substr(id::text, 1, 16) || i, 'pending', 'qr', 'QRIS',
      20000, 'IDR', 2500, ${channelId}, ${reference('m', 'id')}, 'PAYIN8551790545658687488', '00020101', ${now}, ${now + 3_600_000}, ${detail(notify)}::jsonb ${rows};
    insert into attempts (home, id, kind, object_id, channel_id, reference, state, created_at)
    select m, id, 'payment', id, ${channelId}, ${reference('m', 'id')}, 'accepted', ${now} ${rows};
    insert into work (home, object_id, kind, due_at) select m, id, 'payment', ${now + 3_600_000} ${rows};
    insert into balances (home, account, currency, available, floor)
    select m, account, 'IDR', 0, null from generate_series(0, 255) as h (m),
      lateral (values ('channel/${channelId}/clearing'), ('fees/income'), ('merchant/' || (${firstMerchant} + m) || '/available')) as a (account)
    on conflict do nothing;`;
}

/** Notices that are due, `count` of them for each target, in turn as they would have come up. */
export function dueNotices(base: bigint, count: number, dueAt: number, targets: readonly string[]): string {
  const named = targets.map((target, t) => `(${t}, '${target}', '${new URL(target).host}')`).join(', ');
  const rows = `from generate_series(0, ${count - 1}) as s (i) cross join (values ${named}) as h (t, target, host),
    lateral (select ${base} + i * ${targets.length} + t as id, ((i * ${targets.length} + t) % 256)::int as m) as o`;
  return `
    insert into notices (home, id, merchant_id, credential_id, protocol, object_kind, object_id, event, target_kind, target_url, body, created_at)
    select m, id, ${firstMerchant} + m, ${firstCredential} + m, 'payin', 'payment', id, 'payment.paid', 'http', target, ${body}, ${dueAt} + i ${rows};
    insert into notices_due (home, id, merchant_id, host, due_at)
    select m, id, ${firstMerchant} + m, host, ${dueAt} + i ${rows};`;
}
