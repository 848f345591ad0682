-- Messages: what came in, what goes out, who talks with whom, who is on duty, what waits for a person.
-- Addresses and words are sealed: a guest's under the contact's key, all others under the system key.

create index inbox_waiting on inbox (position) where state = 'waiting';
create index inbox_delayed on inbox (lane, position, not_before) where state = 'waiting' and not_before <> '';
create index inbox_by_end on inbox (state, done_at);

create table conversations (
  id text primary key,
  number_id text not null,
  property_id text references properties (id),
  user_id text references users (id),
  contact_id text references contacts (id),
  stay_id text references stays (id),
  address bytea not null,
  language text not null default '',
  heard_at text,
  waiting_since text,
  alerted_at text,
  greeted_at text,
  opted_out_at text,
  version bigint not null default 1,
  made_at text not null
);
create index conversations_by_contact on conversations (contact_id);
create index conversations_by_user on conversations (user_id);
create index conversations_waiting on conversations (property_id, waiting_since);

create table conversation_tokens (
  number_id text not null,
  kind text not null,
  token text not null,
  conversation_id text not null references conversations (id),
  primary key (number_id, kind, token)
);
create index conversation_tokens_by_conversation on conversation_tokens (conversation_id);

create table messages (
  id text primary key,
  conversation_id text not null references conversations (id),
  direction text not null,
  kind text not null,
  contact_id text references contacts (id),
  body bytea,
  by_user text not null,
  why text not null default '',
  stay_id text references stays (id),
  request_id text references requests (id),
  answers text not null default '',
  about text not null default '',
  wamid_token text,
  wamid bytea,
  receipt text not null default '',
  receipt_at text,
  at text not null
);
create unique index messages_by_wamid on messages (wamid_token) where wamid_token is not null;
create index messages_by_conversation on messages (conversation_id, at);
create index messages_by_stay on messages (stay_id, at);
create index messages_by_answered on messages (answers) where answers <> '';

create table outbox (
  id text primary key references messages (id),
  conversation_id text not null references conversations (id),
  state text not null default 'waiting',
  not_before text not null default '',
  expires_at text,
  attempts bigint not null default 0,
  leased_until text not null default '',
  route text not null default '',
  category text not null default '',
  price bigint,
  currency text not null default '',
  code bigint not null default 0,
  reason text not null default '',
  asked_at text not null,
  sent_at text,
  settled_at text
);
create index outbox_due on outbox (not_before) where state = 'waiting';
create index outbox_sending on outbox (leased_until) where state = 'sending';
create index outbox_waiting on outbox (id) where state = 'waiting';
create index outbox_by_lane on outbox (conversation_id, id) where state in ('waiting', 'sending');
create index outbox_by_expiry on outbox (expires_at) where state = 'waiting';
create index outbox_open on outbox (state) where state in ('waiting', 'in_doubt', 'dead');

create table media (
  message_id text primary key references messages (id),
  contact_id text references contacts (id),
  state text not null default 'waiting',
  source bytea,
  media_type text not null,
  name bytea,
  size bigint not null default 0,
  path text not null default '',
  attempts bigint not null default 0,
  not_before text not null default '',
  leased_until text not null default '',
  reason text not null default ''
);
create index media_waiting on media (not_before) where state = 'waiting';

alter table users add column phone bytea;
alter table users add column email bytea;
alter table users add column language text not null default '';
alter table users add column left_at text;

create table user_tokens (
  user_id text not null references users (id),
  kind text not null,
  token text not null,
  primary key (kind, token)
);

create table duties (
  property_id text not null references properties (id),
  user_id text not null references users (id),
  place bigint not null,
  hours text not null default '',
  off_until text not null default '',
  primary key (property_id, user_id)
);

create table escalations (
  request_id text primary key references requests (id),
  property_id text not null references properties (id),
  due_at text,
  told text not null default '[]',
  guest_told_at text,
  rounds bigint not null default 0,
  version bigint not null default 1
);
create index escalations_due on escalations (due_at) where due_at is not null;

create table alerts (
  id text primary key,
  property_id text not null default '',
  kind text not null,
  subject text not null,
  words text not null,
  raised_at text not null,
  ended_at text
);
create unique index alerts_open on alerts (property_id, kind, subject) where ended_at is null;

create table api_tokens (
  id text primary key,
  name text not null,
  role text not null,
  property_id text references properties (id),
  user_id text references users (id),
  hash text not null unique,
  made_at text not null,
  expires_at text,
  used_on text,
  revoked_at text
);

create table message_templates (
  name text not null,
  language text not null,
  meta_id text not null default '',
  category text not null,
  state text not null,
  reason text not null default '',
  body_hash text not null,
  changed_at text not null,
  primary key (name, language)
);

alter table rebuilds add column source text not null default '';

create view reach as
select t.id as caller, p.id as property_id, t.role
from api_tokens t join properties p on t.property_id is null or t.property_id = p.id
where t.revoked_at is null
union all
select m.user_id as caller, m.property_id, m.role
from memberships m join users u on u.id = m.user_id
where u.left_at is null;

alter table conversations add column free_from text not null default '';

create table number_paces (
  number_id text primary key,
  due bigint not null,
  heard bigint not null
);

create index contact_tokens_by_token on contact_tokens (token, kind);
