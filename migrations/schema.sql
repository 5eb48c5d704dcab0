-- Made by scripts/schema-dump.mjs from the catalog, compared by test/store/migrate.test.ts. Do not edit.

-- sequences
create sequence process_slots as integer start 0 increment 1;

-- tables
create table agreements (
  home smallint not null,
  id bigint not null,
  merchant_id bigint not null,
  credential_id bigint not null,
  protocol text not null,
  order_no text not null,
  agreement_no text not null,
  user_id text not null,
  payee_no text not null,
  scope text not null,
  card_mark bytea not null,
  card_last4 text not null,
  phone_mask text,
  fingerprint bytea not null,
  state text not null,
  channel_id bigint not null,
  reference text not null,
  upstream_no text,
  extras jsonb not null,
  created_at bigint not null,
  changed_at bigint not null
) with (fillfactor=70);
create table approvals (
  id bigint not null,
  action text not null,
  detail jsonb not null,
  reason text not null,
  asked_by bigint not null,
  asked_at bigint not null,
  state text not null default 'open'::text,
  decided_by bigint,
  decided_at bigint,
  result text
);
create table attempts (
  home smallint not null,
  id bigint not null,
  kind text not null,
  object_id bigint not null,
  channel_id bigint not null,
  reference text not null,
  state text not null,
  created_at bigint not null,
  answered_at bigint,
  not_found integer not null default 0,
  not_found_since bigint,
  method text,
  option text,
  fee bigint
) with (fillfactor=50);
create table audit (
  id bigint not null,
  at bigint not null,
  actor text not null,
  action text not null,
  detail jsonb not null,
  previous bytea not null,
  hash bytea not null
);
create table balances (
  home smallint not null,
  account text not null,
  currency text not null,
  available bigint not null,
  floor bigint
) with (fillfactor=50);
create table callbacks (
  home smallint not null,
  id bigint not null,
  channel_id bigint not null,
  received_at bigint not null,
  method text not null,
  target text not null,
  headers jsonb not null,
  body text not null,
  verdict text not null,
  object_kind text,
  object_id bigint
);
create table channels (
  id bigint not null,
  name text not null,
  protocol text not null,
  base_url text not null,
  sender text not null,
  secrets jsonb not null,
  settings jsonb not null default '{}'::jsonb,
  state text not null default 'active'::text,
  created_at bigint not null
);
create table confirmations (
  home smallint not null,
  object_id bigint not null,
  state text not null default 'open'::text,
  sent_at bigint not null,
  tries integer not null default 0,
  resends integer not null default 0,
  resend_day text not null default ''::text,
  asked_at bigint,
  accepted bytea
) with (fillfactor=70);
create table console_sessions (
  hash bytea not null,
  user_id bigint not null,
  stage text not null,
  pending bytea,
  created_at bigint not null,
  seen_at bigint not null,
  remote text not null,
  ended_at bigint
);
create table console_users (
  id bigint not null,
  name text not null,
  role text not null,
  merchant_id bigint,
  password text,
  setup_hash bytea,
  setup_until bigint,
  totp bytea,
  totp_step bigint not null default 0,
  state text not null default 'active'::text,
  created_at bigint not null,
  access_by bigint[] not null default '{}'::bigint[],
  access_at bigint not null default 0,
  could_decide boolean not null default false
);
create table credentials (
  id bigint not null,
  merchant_id bigint not null,
  protocol text not null,
  sender text not null,
  secrets jsonb not null,
  settings jsonb not null default '{}'::jsonb,
  addresses text[] not null default '{}'::text[],
  state text not null default 'active'::text,
  created_at bigint not null
);
create table differences (
  home smallint not null,
  id bigint not null,
  run_id bigint not null,
  mark text not null,
  type text not null,
  kind text not null,
  amount bigint not null,
  currency text not null,
  is_money boolean not null,
  line_no integer,
  order_home smallint,
  order_id bigint,
  review_home smallint not null,
  review_id bigint not null,
  outcome text,
  found_at bigint not null
);
create table directory_version (
  single boolean not null default true,
  version bigint not null
);
create table events (
  home smallint not null,
  object_id bigint not null,
  id bigint not null,
  at bigint not null,
  what text not null,
  detail jsonb not null
);
create table fees (
  id bigint not null,
  merchant_id bigint,
  method text not null,
  currency text not null,
  fixed_minor bigint not null default 0,
  percent_ppm integer not null default 0,
  min_minor bigint not null default 0,
  max_minor bigint,
  created_at bigint not null
);
create table home_leases (
  home smallint not null,
  owner text not null,
  until bigint not null,
  fence bigint not null default 0
);
create table merchants (
  id bigint not null,
  name text not null,
  home smallint not null,
  state text not null default 'active'::text,
  payouts boolean not null default false,
  settings jsonb not null default '{}'::jsonb,
  webhook_secret bytea not null,
  created_at bigint not null,
  webhook_before bytea,
  webhook_before_until bigint
);
create table migrations (
  number integer not null,
  name text not null,
  checksum text not null,
  applied_at bigint not null
);
create table moves (
  home smallint not null,
  object_id bigint not null,
  reason text not null,
  object_kind text not null,
  from_account text not null,
  to_account text not null,
  amount bigint not null,
  currency text not null,
  at bigint not null
);
create table notice_attempts (
  home smallint not null,
  notice_id bigint not null,
  no integer not null,
  at bigint not null,
  took_ms integer not null,
  outcome text not null,
  status integer,
  answer text
);
create table notices (
  home smallint not null,
  id bigint not null,
  merchant_id bigint not null,
  credential_id bigint not null,
  protocol text not null,
  object_kind text not null,
  object_id bigint not null,
  event text not null,
  target_kind text not null,
  target_url text not null,
  body text not null,
  state text not null default 'pending'::text,
  created_at bigint not null
) with (fillfactor=50);
create table notices_due (
  home smallint not null,
  id bigint not null,
  merchant_id bigint not null,
  host text not null,
  due_at bigint not null,
  tries integer not null default 0,
  manual boolean not null default false
);
create table numbers (
  home smallint not null,
  merchant_id bigint not null,
  space text not null,
  number text not null,
  kind text not null,
  object_id bigint not null,
  fingerprint bytea not null
);
create table operator_tokens (
  id bigint not null,
  name text not null,
  role text not null,
  merchant_id bigint,
  hash bytea not null,
  created_at bigint not null,
  revoked_at bigint,
  is_owner boolean not null default false
);
create table payments (
  home smallint not null,
  id bigint not null,
  merchant_id bigint not null,
  credential_id bigint not null,
  protocol text not null,
  order_no text not null,
  platform_no text not null,
  state text not null,
  method text not null,
  option text,
  amount bigint not null,
  currency text not null,
  fee bigint not null default 0,
  paid bigint not null default 0,
  refunded bigint not null default 0,
  refund_pending bigint not null default 0,
  channel_id bigint,
  reference text,
  upstream_no text,
  pay_code text,
  pay_url text,
  confirm_no text,
  reason_code text,
  reason_text text,
  created_at bigint not null,
  expires_at bigint,
  finished_at bigint,
  detail jsonb not null,
  channel_extras jsonb
) with (fillfactor=50);
create table payouts (
  home smallint not null,
  id bigint not null,
  merchant_id bigint not null,
  credential_id bigint not null,
  protocol text not null,
  order_no text not null,
  platform_no text not null,
  state text not null,
  amount bigint not null,
  currency text not null,
  fee bigint not null default 0,
  channel_id bigint,
  reference text,
  upstream_no text,
  reason_code text,
  reason_text text,
  created_at bigint not null,
  finished_at bigint,
  detail jsonb not null,
  channel_extras jsonb
) with (fillfactor=50);
create table quarantines (
  id bigint not null,
  begun_at bigint not null,
  backup_at bigint not null,
  cause text not null,
  compared_at bigint,
  compared jsonb,
  lifted_at bigint,
  lifted_by text,
  reason text
);
create table rates (
  currency text not null,
  day text not null,
  rate text not null,
  direction text not null default 'foreign-per-unit'::text,
  set_at bigint not null
);
create table reconciliations (
  home smallint not null,
  id bigint not null,
  channel_id bigint not null,
  day text not null,
  zone text not null,
  source text not null,
  digest bytea not null,
  lines integer not null,
  begun_by text not null,
  begun_at bigint not null,
  compared_at bigint,
  result jsonb,
  learnt_by text
);
create table refunds (
  home smallint not null,
  id bigint not null,
  payment_id bigint not null,
  merchant_id bigint not null,
  credential_id bigint not null,
  protocol text not null,
  order_no text not null,
  platform_no text not null,
  state text not null,
  amount bigint not null,
  currency text not null,
  fee bigint not null default 0,
  channel_id bigint,
  reference text,
  upstream_no text,
  reason_code text,
  reason_text text,
  created_at bigint not null,
  finished_at bigint,
  detail jsonb not null,
  channel_extras jsonb
) with (fillfactor=50);
create table refused_requests (
  merchant_id bigint not null,
  slot smallint not null,
  id bigint not null,
  at bigint not null,
  protocol text not null,
  why text not null,
  method text not null,
  target text not null,
  headers jsonb not null,
  body bytea not null,
  remote text not null
);
create table reviews (
  home smallint not null,
  id bigint not null,
  reason text not null,
  object_kind text,
  object_id bigint,
  channel_id bigint,
  detail jsonb not null,
  state text not null default 'open'::text,
  opened_at bigint not null,
  closed_at bigint,
  decision jsonb
);
create table route_days (
  route_id bigint not null,
  day text not null,
  used bigint not null
);
create table routes (
  id bigint not null,
  merchant_id bigint,
  protocol text,
  method text not null,
  channel_id bigint not null,
  weight integer not null default 1,
  min_minor bigint,
  max_minor bigint,
  currency text,
  hours text,
  daily_cap bigint,
  created_at bigint not null
);
create table settings (
  name text not null,
  value jsonb not null
);
create table sign_in_tries (
  subject text not null,
  tries integer not null,
  at bigint not null,
  blocked_until bigint not null default 0
);
create table statement_lines (
  home smallint not null,
  run_id bigint not null,
  no integer not null,
  channel_id bigint not null,
  kind text not null,
  reference text,
  upstream_no text,
  amount bigint not null,
  currency text not null,
  state text not null,
  at bigint,
  fee bigint
);
create table text_sends (
  home smallint not null,
  merchant_id bigint not null,
  mark bytea not null,
  sent bigint[] not null,
  last_at bigint not null
);
create table transcripts (
  home smallint not null,
  id bigint not null,
  at bigint not null,
  side text not null,
  party_id bigint not null,
  endpoint text not null,
  number text not null,
  request text not null,
  status integer,
  reply text,
  outcome text not null,
  took_ms integer not null
);
create table work (
  home smallint not null,
  object_id bigint not null,
  kind text not null,
  due_at bigint not null,
  tries integer not null default 0
);
create table workers (
  owner text not null,
  until bigint not null
);

-- constraints
alter table agreements add constraint agreements_card_last4_check CHECK ((card_last4 ~ '^[0-9]{4}$'::text));
alter table agreements add constraint agreements_scope_check CHECK ((scope = ANY (ARRAY['one-payee'::text, 'any-payee'::text])));
alter table agreements add constraint agreements_state_check CHECK ((state = ANY (ARRAY['sending'::text, 'unknown'::text, 'wait-confirm'::text, 'active'::text, 'cancelled'::text, 'failed'::text])));
alter table agreements add constraint agreements_pkey PRIMARY KEY (home, id);
alter table approvals add constraint approvals_state_check CHECK ((state = ANY (ARRAY['open'::text, 'approved'::text, 'refused'::text])));
alter table approvals add constraint approvals_two_persons CHECK ((decided_by <> asked_by));
alter table approvals add constraint approvals_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES console_users(id);
alter table approvals add constraint approvals_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES console_users(id);
alter table approvals add constraint approvals_pkey PRIMARY KEY (id);
alter table attempts add constraint attempts_kind_check CHECK ((kind = ANY (ARRAY['payment'::text, 'payout'::text, 'refund'::text])));
alter table attempts add constraint attempts_state_check CHECK ((state = ANY (ARRAY['sending'::text, 'accepted'::text, 'unknown'::text, 'declined'::text, 'not-sent'::text, 'done'::text])));
alter table attempts add constraint attempts_pkey PRIMARY KEY (home, id);
alter table audit add constraint audit_pkey PRIMARY KEY (id);
alter table audit add constraint audit_hash_key UNIQUE (hash);
alter table balances add constraint balances_not_overdrawn CHECK (((floor IS NULL) OR (available >= floor)));
alter table balances add constraint balances_pkey PRIMARY KEY (home, account, currency);
alter table callbacks add constraint callbacks_pkey PRIMARY KEY (home, id);
alter table channels add constraint channels_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text])));
alter table channels add constraint channels_pkey PRIMARY KEY (id);
alter table channels add constraint channels_name_key UNIQUE (name);
alter table confirmations add constraint confirmations_state_check CHECK ((state = ANY (ARRAY['open'::text, 'asked'::text, 'done'::text])));
alter table confirmations add constraint confirmations_tries_check CHECK (((tries >= 0) AND (tries <= 5)));
alter table confirmations add constraint confirmations_pkey PRIMARY KEY (home, object_id);
alter table console_sessions add constraint console_sessions_stage_check CHECK ((stage = ANY (ARRAY['setup'::text, 'full'::text])));
alter table console_sessions add constraint console_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES console_users(id);
alter table console_sessions add constraint console_sessions_pkey PRIMARY KEY (hash);
alter table console_users add constraint console_users_name_check CHECK (((name = lower(name)) AND (name <> ''::text)));
alter table console_users add constraint console_users_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'support'::text, 'finance'::text, 'approver'::text, 'admin'::text])));
alter table console_users add constraint console_users_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text])));
alter table console_users add constraint console_users_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id);
alter table console_users add constraint console_users_pkey PRIMARY KEY (id);
alter table console_users add constraint console_users_name_key UNIQUE (name);
alter table credentials add constraint credentials_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text])));
alter table credentials add constraint credentials_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id);
alter table credentials add constraint credentials_pkey PRIMARY KEY (id);
alter table credentials add constraint credentials_protocol_sender_key UNIQUE (protocol, sender);
alter table differences add constraint differences_kind_check CHECK ((kind = ANY (ARRAY['payment'::text, 'payout'::text, 'refund'::text])));
alter table differences add constraint differences_type_check CHECK ((type = ANY (ARRAY['unknown-here'::text, 'unknown-there'::text, 'amount-differs'::text, 'state-differs'::text, 'line-twice'::text])));
alter table differences add constraint differences_home_run_id_fkey FOREIGN KEY (home, run_id) REFERENCES reconciliations(home, id);
alter table differences add constraint differences_pkey PRIMARY KEY (home, id);
alter table differences add constraint differences_home_run_id_mark_key UNIQUE (home, run_id, mark);
alter table directory_version add constraint directory_version_single_check CHECK (single);
alter table directory_version add constraint directory_version_pkey PRIMARY KEY (single);
alter table events add constraint events_pkey PRIMARY KEY (home, object_id, id);
alter table fees add constraint fees_fixed_minor_check CHECK ((fixed_minor >= 0));
alter table fees add constraint fees_max_minor_check CHECK ((max_minor >= 0));
alter table fees add constraint fees_min_minor_check CHECK ((min_minor >= 0));
alter table fees add constraint fees_percent_ppm_check CHECK (((percent_ppm >= 0) AND (percent_ppm <= 1000000)));
alter table fees add constraint fees_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id);
alter table fees add constraint fees_pkey PRIMARY KEY (id);
alter table fees add constraint fees_merchant_id_method_currency_key UNIQUE NULLS NOT DISTINCT (merchant_id, method, currency);
alter table home_leases add constraint home_leases_home_check CHECK (((home >= 0) AND (home <= 255)));
alter table home_leases add constraint home_leases_pkey PRIMARY KEY (home);
alter table merchants add constraint merchants_home_check CHECK (((home >= 0) AND (home <= 255)));
alter table merchants add constraint merchants_name_check CHECK ((name <> ''::text));
alter table merchants add constraint merchants_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text])));
alter table merchants add constraint merchants_webhook_before CHECK (((webhook_before IS NULL) = (webhook_before_until IS NULL)));
alter table merchants add constraint merchants_pkey PRIMARY KEY (id);
alter table migrations add constraint migrations_pkey PRIMARY KEY (number);
alter table moves add constraint moves_amount_check CHECK ((amount > 0));
alter table moves add constraint moves_check CHECK ((to_account <> from_account));
alter table moves add constraint moves_pkey PRIMARY KEY (home, object_id, reason);
alter table notice_attempts add constraint notice_attempts_pkey PRIMARY KEY (home, notice_id, no, at);
alter table notices add constraint notices_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'done'::text, 'exhausted'::text])));
alter table notices add constraint notices_target_kind_check CHECK ((target_kind = ANY (ARRAY['http'::text, 'sqs'::text])));
alter table notices add constraint notices_pkey PRIMARY KEY (home, id);
alter table notices_due add constraint notices_due_pkey PRIMARY KEY (home, id);
alter table numbers add constraint numbers_kind_check CHECK ((kind = ANY (ARRAY['payment'::text, 'payout'::text, 'refund'::text])));
alter table numbers add constraint numbers_pkey PRIMARY KEY (home, merchant_id, space, number);
alter table operator_tokens add constraint operator_tokens_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'support'::text, 'finance'::text, 'approver'::text, 'admin'::text])));
alter table operator_tokens add constraint operator_tokens_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id);
alter table operator_tokens add constraint operator_tokens_pkey PRIMARY KEY (id);
alter table operator_tokens add constraint operator_tokens_hash_key UNIQUE (hash);
alter table payments add constraint payments_amount_check CHECK ((amount > 0));
alter table payments add constraint payments_check CHECK (((fee >= 0) AND (fee <= amount)));
alter table payments add constraint payments_paid_check CHECK ((paid >= 0));
alter table payments add constraint payments_refund_pending_check CHECK ((refund_pending >= 0));
alter table payments add constraint payments_refunded_check CHECK ((refunded >= 0));
alter table payments add constraint payments_refunds_within_paid CHECK (((refunded + refund_pending) <= paid));
alter table payments add constraint payments_state_check CHECK ((state = ANY (ARRAY['new'::text, 'sending'::text, 'pending'::text, 'unknown'::text, 'paid'::text, 'failed'::text, 'closed'::text, 'reversed'::text])));
alter table payments add constraint payments_pkey PRIMARY KEY (home, id);
alter table payouts add constraint payouts_amount_check CHECK ((amount > 0));
alter table payouts add constraint payouts_fee_check CHECK ((fee >= 0));
alter table payouts add constraint payouts_state_check CHECK ((state = ANY (ARRAY['requested'::text, 'approved'::text, 'sending'::text, 'pending'::text, 'unknown'::text, 'succeeded'::text, 'failed'::text, 'returned'::text])));
alter table payouts add constraint payouts_pkey PRIMARY KEY (home, id);
alter table quarantines add constraint quarantines_pkey PRIMARY KEY (id);
alter table rates add constraint rates_day_check CHECK ((day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'::text));
alter table rates add constraint rates_direction_check CHECK ((direction = ANY (ARRAY['foreign-per-unit'::text, 'units-per-foreign'::text])));
alter table rates add constraint rates_rate_check CHECK ((rate ~ '^[0-9]{1,9}(\.[0-9]{1,12})?$'::text));
alter table rates add constraint rates_pkey PRIMARY KEY (currency, day);
alter table reconciliations add constraint reconciliations_day_check CHECK ((day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'::text));
alter table reconciliations add constraint reconciliations_home_check CHECK (((home >= 0) AND (home <= 255)));
alter table reconciliations add constraint reconciliations_source_check CHECK ((source = ANY (ARRAY['channel'::text, 'file'::text])));
alter table reconciliations add constraint reconciliations_pkey PRIMARY KEY (home, id);
alter table reconciliations add constraint reconciliations_home_channel_id_day_digest_key UNIQUE (home, channel_id, day, digest);
alter table refunds add constraint refunds_amount_check CHECK ((amount > 0));
alter table refunds add constraint refunds_state_check CHECK ((state = ANY (ARRAY['requested'::text, 'sending'::text, 'pending'::text, 'unknown'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])));
alter table refunds add constraint refunds_home_payment_id_fkey FOREIGN KEY (home, payment_id) REFERENCES payments(home, id);
alter table refunds add constraint refunds_pkey PRIMARY KEY (home, id);
alter table refused_requests add constraint refused_requests_slot_check CHECK (((slot >= 0) AND (slot <= 49)));
alter table refused_requests add constraint refused_requests_pkey PRIMARY KEY (merchant_id, slot);
alter table reviews add constraint reviews_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text])));
alter table reviews add constraint reviews_pkey PRIMARY KEY (home, id);
alter table route_days add constraint route_days_pkey PRIMARY KEY (route_id, day);
alter table routes add constraint routes_daily_cap_check CHECK ((daily_cap > 0));
alter table routes add constraint routes_hours_check CHECK ((hours ~ '^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9][+-][0-1][0-9]:[0-5][0-9]$'::text));
alter table routes add constraint routes_weight_check CHECK ((weight > 0));
alter table routes add constraint routes_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES channels(id);
alter table routes add constraint routes_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id);
alter table routes add constraint routes_pkey PRIMARY KEY (id);
alter table settings add constraint settings_pkey PRIMARY KEY (name);
alter table sign_in_tries add constraint sign_in_tries_pkey PRIMARY KEY (subject);
alter table statement_lines add constraint statement_lines_amount_check CHECK ((amount >= 0));
alter table statement_lines add constraint statement_lines_kind_check CHECK ((kind = ANY (ARRAY['payment'::text, 'payout'::text, 'refund'::text])));
alter table statement_lines add constraint statement_lines_state_check CHECK ((state = ANY (ARRAY['paid'::text, 'failed'::text, 'closed'::text, 'reversed'::text, 'returned'::text])));
alter table statement_lines add constraint statement_lines_home_run_id_fkey FOREIGN KEY (home, run_id) REFERENCES reconciliations(home, id);
alter table statement_lines add constraint statement_lines_pkey PRIMARY KEY (home, run_id, no);
alter table text_sends add constraint text_sends_pkey PRIMARY KEY (home, merchant_id, mark);
alter table transcripts add constraint transcripts_side_check CHECK ((side = ANY (ARRAY['merchant'::text, 'channel'::text])));
alter table transcripts add constraint transcripts_pkey PRIMARY KEY (home, id);
alter table work add constraint work_kind_check CHECK ((kind = ANY (ARRAY['payment'::text, 'payout'::text, 'refund'::text])));
alter table work add constraint work_pkey PRIMARY KEY (home, object_id);
alter table workers add constraint workers_pkey PRIMARY KEY (owner);

-- indexes
CREATE UNIQUE INDEX agreements_agreement_no ON kanal.agreements USING btree (home, agreement_no);
CREATE UNIQUE INDEX agreements_order_no ON kanal.agreements USING btree (home, merchant_id, protocol, order_no);
CREATE UNIQUE INDEX agreements_reference ON kanal.agreements USING btree (home, channel_id, reference);
CREATE INDEX agreements_user ON kanal.agreements USING btree (home, merchant_id, user_id);
CREATE INDEX approvals_open ON kanal.approvals USING btree (id) WHERE (state = 'open'::text);
CREATE INDEX attempts_object ON kanal.attempts USING btree (home, object_id);
CREATE UNIQUE INDEX attempts_reference ON kanal.attempts USING btree (home, channel_id, reference);
CREATE INDEX console_sessions_user ON kanal.console_sessions USING btree (user_id) WHERE (ended_at IS NULL);
CREATE UNIQUE INDEX notices_event ON kanal.notices USING btree (home, object_id, event, target_url);
CREATE INDEX notices_due_at ON kanal.notices_due USING btree (home, due_at);
CREATE UNIQUE INDEX payments_platform_no ON kanal.payments USING btree (home, platform_no);
CREATE UNIQUE INDEX payouts_platform_no ON kanal.payouts USING btree (home, platform_no);
CREATE UNIQUE INDEX quarantines_one ON kanal.quarantines USING btree ((true)) WHERE (lifted_at IS NULL);
CREATE INDEX refunds_of_payment ON kanal.refunds USING btree (home, payment_id);
CREATE UNIQUE INDEX refunds_platform_no ON kanal.refunds USING btree (home, platform_no);
CREATE UNIQUE INDEX reviews_open ON kanal.reviews USING btree (home, reason, object_id, channel_id) NULLS NOT DISTINCT WHERE ((state = 'open'::text) AND (reason <> 'unknown-reference'::text) AND (NOT (detail ? 'mark'::text)));
CREATE UNIQUE INDEX reviews_statement ON kanal.reviews USING btree (home, channel_id, ((detail ->> 'mark'::text))) WHERE (detail ? 'mark'::text);
CREATE UNIQUE INDEX reviews_unknown ON kanal.reviews USING btree (home, channel_id, ((detail ->> 'reference'::text))) WHERE ((state = 'open'::text) AND (reason = 'unknown-reference'::text));
CREATE INDEX sign_in_tries_at ON kanal.sign_in_tries USING btree (at);
CREATE INDEX statement_lines_reference ON kanal.statement_lines USING btree (home, channel_id, reference) WHERE (state = ANY (ARRAY['paid'::text, 'returned'::text]));
CREATE INDEX text_sends_last ON kanal.text_sends USING btree (home, last_at);
CREATE INDEX transcripts_number ON kanal.transcripts USING btree (home, number);
CREATE INDEX work_due ON kanal.work USING btree (home, due_at);

-- triggers
CREATE TRIGGER audit_insert_only BEFORE DELETE OR UPDATE ON kanal.audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON kanal.audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_insert_only BEFORE DELETE OR UPDATE ON kanal.events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER moves_insert_only BEFORE DELETE OR UPDATE ON kanal.moves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER moves_no_truncate BEFORE TRUNCATE ON kanal.moves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- functions
CREATE OR REPLACE FUNCTION kanal.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception '% is insert-only: correct it with a further row', tg_table_name using errcode = 'insufficient_privilege';
end $function$;

-- grants
grant usage on schema kanal to kanal_app;
grant insert, select, update on agreements to kanal_app;
grant insert, select, update on approvals to kanal_app;
grant insert, select, update on attempts to kanal_app;
grant insert, select on audit to kanal_app;
grant insert, select, update on balances to kanal_app;
grant insert, select on callbacks to kanal_app;
grant insert, select, update on channels to kanal_app;
grant insert, select, update on confirmations to kanal_app;
grant delete, insert, select, update on console_sessions to kanal_app;
grant insert, select, update on console_users to kanal_app;
grant insert, select, update on credentials to kanal_app;
grant insert, select, update on differences to kanal_app;
grant insert, select, update on directory_version to kanal_app;
grant insert, select on events to kanal_app;
grant insert, select, update on fees to kanal_app;
grant insert, select, update on home_leases to kanal_app;
grant insert, select, update on merchants to kanal_app;
grant select on migrations to kanal_app;
grant insert, select on moves to kanal_app;
grant insert, select on notice_attempts to kanal_app;
grant insert, select, update on notices to kanal_app;
grant delete, insert, select, update on notices_due to kanal_app;
grant insert, select on numbers to kanal_app;
grant insert, select, update on operator_tokens to kanal_app;
grant insert, select, update on payments to kanal_app;
grant insert, select, update on payouts to kanal_app;
grant insert, select, update on quarantines to kanal_app;
grant delete, insert, select, update on rates to kanal_app;
grant insert, select, update on reconciliations to kanal_app;
grant insert, select, update on refunds to kanal_app;
grant insert, select, update on refused_requests to kanal_app;
grant insert, select, update on reviews to kanal_app;
grant insert, select, update on route_days to kanal_app;
grant delete, insert, select, update on routes to kanal_app;
grant usage on sequence process_slots to kanal_app;
grant insert, select, update on settings to kanal_app;
grant delete, insert, select, update on sign_in_tries to kanal_app;
grant insert, select on statement_lines to kanal_app;
grant delete, insert, select, update on text_sends to kanal_app;
grant delete, insert, select on transcripts to kanal_app;
grant delete, insert, select, update on work to kanal_app;
grant delete, insert, select, update on workers to kanal_app;
