-- Browsers of people of the house that are told when something comes (RFC 8030): at most one for each session, gone
-- with it. Where a browser listens lies sealed. What it is told names things by their ids, and is kept for a day.

create table push_subscriptions (
  id text primary key,
  session_id text not null unique references sessions (id) on delete cascade,
  user_id text not null references users (id),
  endpoint_token text not null unique,
  browser bytea not null,
  made_at text not null
);
create index push_subscriptions_by_user on push_subscriptions (user_id);

create table pushes (
  id text primary key,
  subscription_id text not null references push_subscriptions (id) on delete cascade,
  kind text not null,
  subject text not null,
  urgent bigint not null default 0,
  again bigint not null default 0,
  state text not null default 'waiting',
  attempts bigint not null default 0,
  due_at text not null,
  expires_at text not null,
  made_at text not null,
  ended_at text
);
create index pushes_due on pushes (due_at) where state = 'waiting';
create index pushes_by_subscription on pushes (subscription_id, subject);
create index pushes_ended on pushes (ended_at) where ended_at is not null;
