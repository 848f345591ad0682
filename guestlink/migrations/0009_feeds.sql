-- Calendars that are fetched by themselves: one for each unit that has the address of one. What the server called the
-- copy that was taken over in full (etag, last_modified), and a keyed hash of it; no address, nothing of what it says.

create table feeds (
  unit_id text primary key references units (id),
  due_at text not null default '',
  leased_until text not null default '',
  fence bigint not null default 0,
  etag text not null default '',
  last_modified text not null default '',
  body_hash text not null default '',
  failures bigint not null default 0,
  failing_since text,
  reason text not null default '',
  outcome text not null default '',
  fetched_at text,
  changed_at text,
  held_at text
);
create index feeds_due on feeds (due_at) where held_at is null;

insert into feeds (unit_id) select id from units where feed is not null;
