-- New codes that somebody of the house wrote on WhatsApp and has not said yes to: sealed under the system key, for
-- minutes. A message that may mean several rooms has a row for each; one yes ends them all.

create table secret_wishes (
  id text primary key,
  property_id text not null references properties (id),
  unit_id text references units (id),
  name text not null,
  value bytea not null,
  user_id text not null references users (id),
  message_id text not null,
  expires_at text not null
);
create index secret_wishes_by_message on secret_wishes (message_id);
create index secret_wishes_by_user on secret_wishes (user_id);
create index secret_wishes_by_end on secret_wishes (expires_at);
