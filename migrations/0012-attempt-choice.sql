-- What an attempt of a payment was to be paid by, and for which fee: should an earlier choice of the payer be the one that is paid, the
-- order takes these back. Null for payouts and refunds, and for attempts from before.
alter table attempts
  add column method text,
  add column option text,
  add column fee bigint;
