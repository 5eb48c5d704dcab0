-- Rates of foreign currencies, kept by operators day by day: decimal text, as it is shown. A small table that everything reads.

create table rates (
  currency text not null,
  -- yyyy-MM-dd on Chinese clocks.
  day text not null check (day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
  rate text not null check (rate ~ '^[0-9]{1,9}(\.[0-9]{1,12})?$'),
  direction text not null default 'foreign-per-unit' check (direction in ('foreign-per-unit', 'units-per-foreign')),
  set_at bigint not null,
  primary key (currency, day)
);

-- What a payment's refunds came to is asked with every query of it.
create index refunds_of_payment on refunds (home, payment_id);

grant select, insert, update, delete on rates to kanal_app;
