-- What was said on the wire about orders, scrubbed of what is confidential; for people who look at one, and for a while only.
create table transcripts (
  home smallint not null,
  id bigint not null,
  at bigint not null,
  -- Who began: a merchant asking us, or we asking a channel.
  side text not null check (side in ('merchant', 'channel')),
  -- The merchant, or the channel.
  party_id bigint not null,
  endpoint text not null,
  -- The number of the order the request names, the asker's own if it names several.
  number text collate "C" not null,
  request text not null,
  -- null = no answer was heard.
  status int,
  reply text,
  outcome text not null,
  took_ms int not null,
  primary key (home, id)
);
create index transcripts_number on transcripts (home, number);
grant select, insert, delete on transcripts to kanal_app;
