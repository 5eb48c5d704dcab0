-- Memory of the sandbox's simulated upstreams. A schema of its own: the gateway never reads it, and production never fills it.
-- Not keyed by home: a twin is one process beside one gateway.

create schema twin;

create table twin.orders (
  twin text not null,
  space text not null,
  reference text collate "C" not null,
  seq bigint generated always as identity,
  kind text not null check (kind in ('payment', 'payout', 'refund', 'agreement')),
  operation text not null,
  upstream_no text collate "C" not null,
  fingerprint text not null,
  outcome text not null,
  minor bigint not null check (minor >= 0),
  currency text not null,
  paid_minor bigint not null check (paid_minor >= 0),
  executions int not null check (executions > 0),
  refunded_minor bigint not null check (refunded_minor >= 0),
  fee_minor bigint not null,
  pay_code text collate "C",
  confirm_no text collate "C",
  next_at bigint,
  created_at bigint not null,
  finished_at bigint,
  detail jsonb not null,
  primary key (twin, space, reference)
);
create index orders_by_reference on twin.orders (twin, reference);
create unique index orders_by_upstream_no on twin.orders (twin, upstream_no);
create unique index orders_by_pay_code on twin.orders (twin, pay_code) where pay_code is not null;
create index orders_by_confirm_no on twin.orders (twin, confirm_no) where confirm_no is not null;
create index orders_due on twin.orders (twin, next_at) where next_at is not null;
create index orders_by_time on twin.orders (twin, created_at, seq);
create index orders_by_day on twin.orders (twin, finished_at) where finished_at is not null;

create table twin.callbacks (
  twin text not null,
  id bigint not null,
  due_at bigint not null,
  callback jsonb not null,
  primary key (twin, id)
);
create index callbacks_due on twin.callbacks (twin, due_at, id);

create table twin.plans (
  twin text not null,
  id bigint not null,
  plan jsonb not null,
  primary key (twin, id)
);

create table twin.requests (
  twin text not null,
  id bigint not null,
  request jsonb not null,
  primary key (twin, id)
);

grant usage on schema twin to kanal_app;
grant select, insert, update, delete on all tables in schema twin to kanal_app;
