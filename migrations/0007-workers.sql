-- Workers that run, also those that hold no homes yet: whoever holds more than its share leaves the rest to them.
create table workers (owner text primary key, until bigint not null);
grant select, insert, update, delete on workers to kanal_app;
