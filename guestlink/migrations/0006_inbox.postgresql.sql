-- What came in by webhooks: each event once, its body sealed under the system key.

create table inbox (
  position bigint generated always as identity primary key,
  event_key text not null unique,
  kind text not null,
  lane text not null,
  number_id text not null,
  body bytea,
  received_at text not null,
  state text not null default 'waiting',
  attempts bigint not null default 0,
  not_before text not null default '',
  outcome text not null default '',
  done_at text
);
