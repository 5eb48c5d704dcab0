-- Agreements: standing permissions to charge a card. Of the card only a keyed fingerprint and the last four digits are kept, of the
-- telephone number its mask; nothing here can be turned back into either.

create table agreements (
  home smallint not null,
  id bigint not null,
  merchant_id bigint not null,
  credential_id bigint not null,
  protocol text not null,
  -- The merchant's number of the signing.
  order_no text collate "C" not null,
  -- Ours; carries its home.
  agreement_no text collate "C" not null,
  -- Who signed, in the merchant's numbering, and whom it may pay.
  user_id text collate "C" not null,
  payee_no text collate "C" not null,
  scope text not null check (scope in ('one-payee', 'any-payee')),
  card_mark bytea not null,
  card_last4 text not null check (card_last4 ~ '^[0-9]{4}$'),
  phone_mask text,
  -- SHA-256 over the ask and the card's mark: tells a repeat from a conflict.
  fingerprint bytea not null,
  state text not null check (state in ('sending', 'unknown', 'wait-confirm', 'active', 'cancelled', 'failed')),
  channel_id bigint not null,
  reference text collate "C" not null,
  upstream_no text collate "C",
  extras jsonb not null,
  created_at bigint not null,
  changed_at bigint not null,
  primary key (home, id)
) with (fillfactor = 70);
create unique index agreements_order_no on agreements (home, merchant_id, protocol, order_no);
create unique index agreements_agreement_no on agreements (home, agreement_no);
create unique index agreements_reference on agreements (home, channel_id, reference);
create index agreements_user on agreements (home, merchant_id, user_id);

-- What an SMS code confirms: a payment or an agreement. The code itself is the channel's and passes through; tries and sendings
-- are counted here, before anything is forwarded.
create table confirmations (
  home smallint not null,
  object_id bigint not null,
  -- open: a code may be tried · asked: one is under way, or nobody knows what became of it · done: accepted
  state text not null default 'open' check (state in ('open', 'asked', 'done')),
  sent_at bigint not null,
  tries int not null default 0 check (tries between 0 and 5),
  resends int not null default 0,
  -- Day (China) the resends are counted for.
  resend_day text not null default '',
  asked_at bigint,
  -- SHA-256 of the request that was accepted: the same again is answered alike.
  accepted bytea,
  primary key (home, object_id)
) with (fillfactor = 70);

grant select, insert, update on agreements, confirmations to kanal_app;
