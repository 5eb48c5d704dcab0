-- After a restore the database knows less than the channels: nothing that sends money out leaves until a person has compared the two.
create table quarantines (
  id bigint primary key,
  begun_at bigint not null,
  -- Until when the restored database surely knows what happened.
  backup_at bigint not null,
  cause text not null,
  -- The newest comparison with the channels, and what it found.
  compared_at bigint,
  compared jsonb,
  lifted_at bigint,
  lifted_by text,
  reason text
);
create unique index quarantines_one on quarantines ((true)) where lifted_at is null;
grant select, insert, update on quarantines to kanal_app;

-- Callbacks about references that nobody here knows belong to no order: one review for each reference.
drop index reviews_open;
create unique index reviews_open on reviews (home, reason, object_id, channel_id) nulls not distinct
  where state = 'open' and reason <> 'unknown-reference';
create unique index reviews_unknown on reviews (home, channel_id, (detail ->> 'reference'))
  where state = 'open' and reason = 'unknown-reference';
