-- The stay's journey: what each guest is told, when, by which channel, and why not. A row that is `sent` was handed to
-- the outbox in the transaction that says so; what became of it there is in `outbox`.

create table journey (
  id text primary key,
  property_id text not null references properties (id),
  stay_id text not null references stays (id),
  contact_id text not null references contacts (id),
  key text not null,
  state text not null,
  due_at text not null default '',
  ends_at text,
  channel text not null default '',
  tried text not null default '',
  message_id text references messages (id),
  reason text not null default '',
  by_user text not null default '',
  decided_at text,
  changed_at text not null,
  unique (stay_id, contact_id, key)
);
create index journey_due on journey (due_at) where state = 'planned';
create index journey_by_message on journey (message_id) where message_id is not null;

-- How far planning has read: of the journal for all houses (an empty property_id), of each house's texts. While all
-- stays of a house are planned anew, `swept_to` is the last of them.
create table journey_marks (
  property_id text primary key,
  position bigint not null default 0,
  content_hash text not null default '',
  known_since text not null default '{}',
  swept_to text not null default ''
);

-- Since when messages to an address certainly do not arrive; until the address changes, or its person writes.
alter table conversations add column unreachable_at text;
