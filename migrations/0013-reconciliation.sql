-- A channel's statement of a day, and how it compares with our books. Everything of one channel lies in one home, so that an import is
-- one transaction on one shard.
create table reconciliations (
  home smallint not null check (home between 0 and 255),
  id bigint not null,
  channel_id bigint not null,
  -- YYYY-MM-DD in `zone`.
  day text not null check (day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
  zone text not null,
  -- Fetched from the channel, or a file that a person has.
  source text not null check (source in ('channel', 'file')),
  -- SHA-256 of the bytes: the same statement again is the same run.
  digest bytea not null,
  lines int not null,
  begun_by text not null,
  begun_at bigint not null,
  -- The newest comparison, and its counts and sums; null = interrupted before its end.
  compared_at bigint,
  result jsonb,
  -- Who let what the lines say be learnt: a file is one person's word.
  learnt_by text,
  primary key (home, id),
  unique (home, channel_id, day, digest)
);

create table statement_lines (
  home smallint not null,
  run_id bigint not null,
  no int not null,
  channel_id bigint not null,
  kind text not null check (kind in ('payment', 'payout', 'refund')),
  reference text collate "C",
  upstream_no text collate "C",
  amount bigint not null check (amount >= 0),
  currency text not null,
  state text not null check (state in ('paid', 'failed', 'closed', 'reversed', 'returned')),
  at bigint,
  fee bigint,
  primary key (home, run_id, no),
  foreign key (home, run_id) references reconciliations (home, id)
);
create index statement_lines_reference on statement_lines (home, channel_id, reference) where state in ('paid', 'returned');

create table differences (
  home smallint not null,
  id bigint not null,
  run_id bigint not null,
  -- What tells it from others of the channel, the same in every comparison.
  mark text not null,
  type text not null check (type in ('unknown-here', 'unknown-there', 'amount-differs', 'state-differs', 'line-twice')),
  kind text not null check (kind in ('payment', 'payout', 'refund')),
  amount bigint not null,
  currency text not null,
  is_money boolean not null,
  -- Line of the statement; null = the statement does not have it.
  line_no int,
  -- The order; null = the books do not have it.
  order_home smallint,
  order_id bigint,
  review_home smallint not null,
  review_id bigint not null,
  -- What became of the line at the one door; null = it was not given in yet.
  outcome text,
  found_at bigint not null,
  primary key (home, id),
  unique (home, run_id, mark),
  foreign key (home, run_id) references reconciliations (home, id)
);

grant select, insert, update on reconciliations to kanal_app;
grant select, insert on statement_lines to kanal_app;
grant select, insert, update on differences to kanal_app;

-- Each difference has one review, and keeps it when the comparison is made again, decided or not. An order may have several.
drop index reviews_open;
create unique index reviews_open on reviews (home, reason, object_id, channel_id) nulls not distinct
  where state = 'open' and reason <> 'unknown-reference' and not (detail ? 'mark');
create unique index reviews_statement on reviews (home, channel_id, (detail ->> 'mark')) where detail ? 'mark';
