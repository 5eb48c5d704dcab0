-- The whole core. Every growing table is keyed by home first (docs/architecture.md); times are milliseconds since 1970, amounts
-- minor units. No index lies on a column that a state change writes, and payments leave room, so that changes stay on the page (HOT).

do $$ begin
  if not exists (select from pg_roles where rolname = 'kanal_app') then create role kanal_app nologin; end if;
end $$;

-- Reference tables: small, joined by everything, cached in memory; `directory_version` tells when to read them again. ------------

create table merchants (
  id bigint primary key,
  name text not null check (name <> ''),
  home smallint not null check (home between 0 and 255),
  state text not null default 'active' check (state in ('active', 'disabled')),
  payouts boolean not null default false,
  settings jsonb not null default '{}',
  webhook_secret bytea not null,
  created_at bigint not null
);

create table credentials (
  id bigint primary key,
  merchant_id bigint not null references merchants,
  protocol text not null,
  sender text collate "C" not null,
  -- name → [{ sealed: base64, addedAt, until }], newest first
  secrets jsonb not null,
  settings jsonb not null default '{}',
  -- Addresses (CIDR) that may use it; empty = any.
  addresses text[] not null default '{}',
  state text not null default 'active' check (state in ('active', 'disabled')),
  created_at bigint not null,
  unique (protocol, sender)
);

create table channels (
  id bigint primary key,
  name text not null unique,
  protocol text not null,
  base_url text not null,
  sender text collate "C" not null,
  secrets jsonb not null,
  settings jsonb not null default '{}',
  state text not null default 'active' check (state in ('active', 'disabled')),
  created_at bigint not null
);

create table routes (
  id bigint primary key,
  -- null = every merchant
  merchant_id bigint references merchants,
  -- The protocol the merchant speaks; null = any. A shop's own protocol may have its own channel.
  protocol text,
  method text not null,
  channel_id bigint not null references channels,
  weight int not null default 1 check (weight > 0),
  min_minor bigint,
  max_minor bigint,
  currency text,
  -- "HH:MM-HH:MM+hh:mm": when it is open, by a clock that far from UTC; null = always.
  hours text check (hours ~ '^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9][+-][0-1][0-9]:[0-5][0-9]$'),
  -- Minor units that may be ordered through it in one day (of the same clock, UTC without hours); null = no cap.
  daily_cap bigint check (daily_cap > 0),
  created_at bigint not null
);

-- What was ordered through a capped route, day by day: one row that orders of that route take turns at (T063).
create table route_days (
  route_id bigint not null,
  day text not null,
  used bigint not null,
  primary key (route_id, day)
);

create table fees (
  id bigint primary key,
  merchant_id bigint references merchants,
  method text not null,
  currency text not null,
  fixed_minor bigint not null default 0 check (fixed_minor >= 0),
  -- Parts per million of the amount.
  percent_ppm int not null default 0 check (percent_ppm between 0 and 1000000),
  min_minor bigint not null default 0 check (min_minor >= 0),
  max_minor bigint check (max_minor >= 0),
  created_at bigint not null,
  unique nulls not distinct (merchant_id, method, currency)
);

create table operator_tokens (
  id bigint primary key,
  name text not null,
  role text not null check (role in ('viewer', 'support', 'finance', 'approver', 'admin')),
  merchant_id bigint references merchants,
  hash bytea not null unique,
  created_at bigint not null,
  revoked_at bigint
);

-- Each process takes a number of its own for the identifiers it makes.
create sequence process_slots as int minvalue 0 maxvalue 1023 start 0 cycle;

create table directory_version (single boolean primary key default true check (single), version bigint not null);
insert into directory_version values (true, 1);

-- Small facts that belong to the installation (sandbox document, sealed).
create table settings (name text primary key, value jsonb not null);

create table audit (
  id bigint primary key,
  at bigint not null,
  actor text not null,
  action text not null,
  detail jsonb not null,
  previous bytea not null,
  hash bytea not null unique
);

-- Which process works for which homes. `fence` grows with each new owner; work done under an old fence is refused.
create table home_leases (
  home smallint primary key check (home between 0 and 255),
  owner text not null,
  until bigint not null,
  fence bigint not null default 0
);

-- Orders ------------------------------------------------------------------------------------------------------------------------

-- One row per number a merchant has used: what makes a repeat the same order.
create table numbers (
  home smallint not null,
  merchant_id bigint not null,
  space text collate "C" not null,
  number text collate "C" not null,
  kind text not null check (kind in ('payment', 'payout', 'refund')),
  object_id bigint not null,
  fingerprint bytea not null,
  primary key (home, merchant_id, space, number)
);

create table payments (
  home smallint not null,
  id bigint not null,
  merchant_id bigint not null,
  credential_id bigint not null,
  protocol text not null,
  order_no text collate "C" not null,
  platform_no text collate "C" not null,
  state text not null check (state in ('new', 'sending', 'pending', 'unknown', 'paid', 'failed', 'closed', 'reversed')),
  method text not null,
  option text,
  amount bigint not null check (amount > 0),
  currency text not null,
  fee bigint not null default 0 check (fee >= 0 and fee <= amount),
  paid bigint not null default 0 check (paid >= 0),
  refunded bigint not null default 0 check (refunded >= 0),
  refund_pending bigint not null default 0 check (refund_pending >= 0),
  channel_id bigint,
  reference text collate "C",
  upstream_no text,
  pay_code text,
  pay_url text,
  confirm_no text,
  reason_code text,
  reason_text text,
  created_at bigint not null,
  expires_at bigint,
  finished_at bigint,
  -- subject, payer, notify, returnUrl, extras: what the ask left and the core does not compute with
  detail jsonb not null,
  channel_extras jsonb,
  primary key (home, id),
  constraint payments_refunds_within_paid check (refunded + refund_pending <= paid)
) with (fillfactor = 50);
create unique index payments_platform_no on payments (home, platform_no);

create table payouts (
  home smallint not null,
  id bigint not null,
  merchant_id bigint not null,
  credential_id bigint not null,
  protocol text not null,
  order_no text collate "C" not null,
  platform_no text collate "C" not null,
  state text not null check (state in ('requested', 'approved', 'sending', 'pending', 'unknown', 'succeeded', 'failed', 'returned')),
  amount bigint not null check (amount > 0),
  currency text not null,
  fee bigint not null default 0 check (fee >= 0),
  channel_id bigint,
  reference text collate "C",
  upstream_no text,
  reason_code text,
  reason_text text,
  created_at bigint not null,
  finished_at bigint,
  detail jsonb not null,
  channel_extras jsonb,
  primary key (home, id)
) with (fillfactor = 50);
create unique index payouts_platform_no on payouts (home, platform_no);

create table refunds (
  home smallint not null,
  id bigint not null,
  payment_id bigint not null,
  merchant_id bigint not null,
  credential_id bigint not null,
  protocol text not null,
  order_no text collate "C" not null,
  platform_no text collate "C" not null,
  state text not null check (state in ('requested', 'sending', 'pending', 'unknown', 'succeeded', 'failed', 'cancelled')),
  amount bigint not null check (amount > 0),
  currency text not null,
  fee bigint not null default 0,
  channel_id bigint,
  reference text collate "C",
  upstream_no text,
  reason_code text,
  reason_text text,
  created_at bigint not null,
  finished_at bigint,
  detail jsonb not null,
  channel_extras jsonb,
  primary key (home, id),
  foreign key (home, payment_id) references payments (home, id)
) with (fillfactor = 50);
create unique index refunds_platform_no on refunds (home, platform_no);

-- One try of one operation at one channel; written and committed before the call.
create table attempts (
  home smallint not null,
  id bigint not null,
  kind text not null check (kind in ('payment', 'payout', 'refund')),
  object_id bigint not null,
  channel_id bigint not null,
  reference text collate "C" not null,
  state text not null check (state in ('sending', 'accepted', 'unknown', 'declined', 'not-sent', 'done')),
  created_at bigint not null,
  answered_at bigint,
  -- Queries that answered "unknown order", and when the first one did: never proof on its own (rulings, "Not found").
  not_found int not null default 0,
  not_found_since bigint,
  primary key (home, id)
) with (fillfactor = 70);
create unique index attempts_reference on attempts (home, channel_id, reference);
create index attempts_object on attempts (home, object_id);

-- What happened to an order, in order: the timeline. The creation itself is the order's own row.
create table events (
  home smallint not null,
  object_id bigint not null,
  id bigint not null,
  at bigint not null,
  what text not null,
  detail jsonb not null,
  primary key (home, object_id, id)
);

-- Work: what has to be looked at again. Rows are few and short-lived.
create table work (
  home smallint not null,
  object_id bigint not null,
  kind text not null check (kind in ('payment', 'payout', 'refund')),
  -- The next chase or the expiry, whichever comes first.
  due_at bigint not null,
  tries int not null default 0,
  primary key (home, object_id)
);
create index work_due on work (home, due_at);

-- Ledger ------------------------------------------------------------------------------------------------------------------------

-- A move takes a positive amount from one account to another: it cannot be unbalanced. `reason` is part of the key, so each
-- posting of an object happens at most once.
create table moves (
  home smallint not null,
  object_id bigint not null,
  reason text not null,
  object_kind text not null,
  from_account text collate "C" not null,
  to_account text collate "C" not null check (to_account <> from_account),
  amount bigint not null check (amount > 0),
  currency text not null,
  at bigint not null,
  primary key (home, object_id, reason)
);

create table balances (
  home smallint not null,
  account text collate "C" not null,
  currency text not null,
  available bigint not null,
  -- How far it may go down; null = no limit (channels and the operator's own accounts).
  floor bigint,
  primary key (home, account, currency),
  constraint balances_not_overdrawn check (floor is null or available >= floor)
) with (fillfactor = 50);

-- Notices -----------------------------------------------------------------------------------------------------------------------

create table notices (
  home smallint not null,
  id bigint not null,
  merchant_id bigint not null,
  credential_id bigint not null,
  protocol text not null,
  object_kind text not null,
  object_id bigint not null,
  -- Includes the state, so that the same thing is told once and a different one is not swallowed.
  event text not null,
  target_kind text not null check (target_kind in ('http', 'sqs')),
  target_url text not null,
  -- Members as JSON text, frozen; signed at each sending.
  body text not null,
  state text not null default 'pending' check (state in ('pending', 'done', 'exhausted')),
  created_at bigint not null,
  primary key (home, id)
) with (fillfactor = 70);
create unique index notices_event on notices (home, object_id, event, target_url);

create table notices_due (
  home smallint not null,
  id bigint not null,
  merchant_id bigint not null,
  host text not null,
  due_at bigint not null,
  tries int not null default 0,
  -- A person asked for it: one try, whatever the ladder says.
  manual boolean not null default false,
  primary key (home, id)
);
create index notices_due_at on notices_due (home, due_at);

create table notice_attempts (
  home smallint not null,
  notice_id bigint not null,
  no int not null,
  at bigint not null,
  took_ms int not null,
  outcome text not null,
  status int,
  answer text,
  primary key (home, notice_id, no, at)
);

-- What channels told us, raw, with our verdict. -----------------------------------------------------------------------------------

create table callbacks (
  home smallint not null,
  id bigint not null,
  channel_id bigint not null,
  received_at bigint not null,
  method text not null,
  target text not null,
  headers jsonb not null,
  body text not null,
  verdict text not null,
  object_kind text,
  object_id bigint,
  primary key (home, id)
);

-- What needs a person.
create table reviews (
  home smallint not null,
  id bigint not null,
  reason text not null,
  object_kind text,
  object_id bigint,
  channel_id bigint,
  detail jsonb not null,
  state text not null default 'open' check (state in ('open', 'closed')),
  opened_at bigint not null,
  closed_at bigint,
  decision jsonb,
  primary key (home, id)
);
create unique index reviews_open on reviews (home, reason, object_id, channel_id) nulls not distinct where state = 'open';

-- Insert-only, for everybody. --------------------------------------------------------------------------------------------------------

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is insert-only: correct it with a further row', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger moves_insert_only before update or delete on moves for each row execute function refuse_change();
create trigger moves_no_truncate before truncate on moves for each statement execute function refuse_change();
create trigger audit_insert_only before update or delete on audit for each row execute function refuse_change();
create trigger audit_no_truncate before truncate on audit for each statement execute function refuse_change();
create trigger events_insert_only before update or delete on events for each row execute function refuse_change();

grant usage on schema kanal to kanal_app;
grant select, insert, update on merchants, credentials, channels, route_days, fees, operator_tokens, directory_version, settings, home_leases to kanal_app;
grant select, insert, update, delete on routes, work, notices_due to kanal_app;
grant select, insert on numbers, moves, events, notice_attempts, callbacks, audit to kanal_app;
grant select, insert, update on payments, payouts, refunds, attempts, balances, notices, reviews to kanal_app;
grant usage on sequence process_slots to kanal_app;
grant select on migrations to kanal_app;
