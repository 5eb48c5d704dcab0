-- The operator console: people, their sessions, decisions that take two of them, and refused requests for the signature doctor.

create table console_users (
  id bigint primary key,
  name text collate "C" not null unique check (name = lower(name) and name <> ''),
  role text not null check (role in ('viewer', 'support', 'finance', 'approver', 'admin')),
  -- A merchant's own user sees that merchant only; null = all.
  merchant_id bigint references merchants,
  -- argon2id, encoded with its parameters; null = not set up yet.
  password text,
  -- SHA-256 of the one-time code that opens the set-up page; null = used.
  setup_hash bytea,
  -- null = it has no end (the very first one).
  setup_until bigint,
  -- Sealed for the row.
  totp bytea,
  -- The latest time step that opened something: a code works once.
  totp_step bigint not null default 0,
  state text not null default 'active' check (state in ('active', 'disabled')),
  created_at bigint not null
);

create table console_sessions (
  -- SHA-256 of what the cookie holds.
  hash bytea primary key,
  user_id bigint not null references console_users,
  stage text not null check (stage in ('setup', 'full')),
  -- A second factor that is being set up, sealed for the user.
  pending bytea,
  created_at bigint not null,
  seen_at bigint not null,
  remote text not null,
  ended_at bigint
);
create index console_sessions_user on console_sessions (user_id) where ended_at is null;

-- Tries to sign in, per account and per address: counted before the password is looked at.
create table sign_in_tries (
  subject text collate "C" primary key,
  tries int not null,
  at bigint not null,
  blocked_until bigint not null default 0
);

-- What one person asks for and another one decides.
create table approvals (
  id bigint primary key,
  action text not null,
  detail jsonb not null,
  reason text not null,
  asked_by bigint not null references console_users,
  asked_at bigint not null,
  state text not null default 'open' check (state in ('open', 'approved', 'refused')),
  decided_by bigint references console_users,
  decided_at bigint,
  result text,
  constraint approvals_two_persons check (decided_by <> asked_by)
);
create index approvals_open on approvals (id) where state = 'open';

-- The latest refused requests per merchant (0 = nobody we know), in a ring of slots: it cannot grow.
create table refused_requests (
  merchant_id bigint not null,
  slot smallint not null check (slot between 0 and 49),
  id bigint not null,
  at bigint not null,
  protocol text not null,
  why text not null,
  method text not null,
  target text not null,
  headers jsonb not null,
  body bytea not null,
  remote text not null,
  primary key (merchant_id, slot)
);

grant select, insert, update on console_users, approvals, refused_requests to kanal_app;
grant select, insert, update, delete on console_sessions, sign_in_tries to kanal_app;
