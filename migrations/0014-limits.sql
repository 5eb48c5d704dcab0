-- Text messages that payers had us cause: when, per merchant and per telephone number or card. Only keyed marks of either are kept.
create table text_sends (
  home smallint not null,
  merchant_id bigint not null,
  mark bytea not null,
  -- Those of the last day.
  sent bigint[] not null,
  last_at bigint not null,
  primary key (home, merchant_id, mark)
);
create index text_sends_last on text_sends (home, last_at);
grant select, insert, update, delete on text_sends to kanal_app;

-- Tries that no longer count are removed, the oldest first.
create index sign_in_tries_at on sign_in_tries (at);
