-- The webhook secret before the present one: notices carry its signature too until then, milliseconds since 1970.
alter table merchants add column webhook_before bytea;
alter table merchants add column webhook_before_until bigint;
alter table merchants add constraint merchants_webhook_before check ((webhook_before is null) = (webhook_before_until is null));
