-- How people of the house sign in, and as what they are known then. Codes, links, PINs and devices are kept as
-- keyed hashes only; the digits of a code lie sealed until they are sent, then nowhere.

create table sessions (
  id text primary key,
  user_id text not null references users (id),
  how text not null,
  browser text not null default '',
  device text not null,
  made_at text not null,
  seen_at text not null,
  expires_at text not null,
  ended_at text
);
create index sessions_by_user on sessions (user_id);
create index sessions_by_device on sessions (device);

create table sign_in_codes (
  id text primary key,
  user_id text not null references users (id),
  message_id text not null,
  hash text not null,
  value bytea,
  tries bigint not null default 0,
  expires_at text not null,
  spent_at text
);
create index sign_in_codes_by_user on sign_in_codes (user_id);
create index sign_in_codes_to_send on sign_in_codes (message_id) where value is not null;

create table sign_in_links (
  id text primary key,
  user_id text not null references users (id),
  hash text not null unique,
  expires_at text not null
);
create index sign_in_links_by_user on sign_in_links (user_id);

create table sign_in_tries (
  id text primary key,
  subject text not null,
  at text not null
);
create index sign_in_tries_by_subject on sign_in_tries (subject, at);
create index sign_in_tries_by_time on sign_in_tries (at);

create table passkeys (
  id text primary key,
  user_id text not null references users (id),
  credential text not null unique,
  public_key bytea not null,
  counter bigint not null,
  made_at text not null,
  used_on text
);
create index passkeys_by_user on passkeys (user_id);

create table passkey_challenges (
  hash text primary key,
  user_id text,
  expires_at text not null
);

create table pins (
  user_id text not null references users (id),
  device text not null,
  hash text not null,
  tries bigint not null default 0,
  primary key (user_id, device)
);
create index pins_by_device on pins (device);

-- `<user>:manager` and `<user>:host` reach only the houses where somebody is that, or more.
drop view reach;
create view reach as
select t.id as caller, p.id as property_id, t.role
from api_tokens t join properties p on t.property_id is null or t.property_id = p.id
where t.revoked_at is null
union all
select m.user_id as caller, m.property_id, m.role
from memberships m join users u on u.id = m.user_id
where u.left_at is null
union all
select m.user_id || ':manager' as caller, m.property_id, m.role
from memberships m join users u on u.id = m.user_id
where u.left_at is null and m.role in ('manager', 'host')
union all
select m.user_id || ':host' as caller, m.property_id, m.role
from memberships m join users u on u.id = m.user_id
where u.left_at is null and m.role = 'host';
