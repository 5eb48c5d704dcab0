-- Who let whom in: what two persons decide must not be one person under two names.

alter table console_users
  -- Whoever took part in giving this user access as it is now, and when: they may know the set-up code.
  add column access_by bigint[] not null default '{}',
  add column access_at bigint not null default 0,
  -- Was a second person for operators once. It stays when the role or the user goes: nobody becomes the only one by sending the others away.
  add column could_decide boolean not null default false;
update console_users set could_decide = true where merchant_id is null and role in ('approver', 'admin') and totp is not null;

-- The token of whoever owns the data folder: what it does needs the machine.
alter table operator_tokens add column is_owner boolean not null default false;
