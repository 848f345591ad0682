-- What is live on which target, what waits, and what the edge reads of the hosts' files.
-- An empty property_id is the site as a whole: theme assets, landing page, 404.

create table pages (
  target text not null,
  path text not null,
  property_id text not null,
  stay_id text not null default '',
  kind text not null,
  source_hash text not null,
  body_hash text not null,
  etag text not null default '',
  parts text not null default '{}',
  why text not null default '',
  state text not null,
  changed_at text not null,
  primary key (target, path)
);
create index pages_by_property on pages (property_id, target, kind);
create index pages_by_stay on pages (stay_id, target);
create index pages_by_state on pages (target, state);

create table publications (
  property_id text not null,
  target text not null,
  fence bigint not null default 0,
  holder text not null default '',
  leased_until text not null default '',
  content_hash text not null default '',
  changes bigint not null default -1,
  fingerprint text not null default '',
  next_boundary text,
  files text not null default '{}',
  report text not null default '[]',
  published_at text,
  primary key (property_id, target)
);

create table invalidations (
  id text primary key,
  target text not null,
  property_id text not null,
  paths text not null,
  why text not null,
  state text not null,
  asked_at text not null,
  sent_at text
);
create index invalidations_by_state on invalidations (target, state);

create table rebuilds (
  id text primary key,
  property_id text not null references properties (id),
  stay_id text not null default '',
  why text not null,
  due_at text not null,
  asked_at text not null,
  leased_until text not null default '',
  attempts bigint not null default 0,
  state text not null,
  outcome text not null default '',
  finished_at text
);
create unique index rebuilds_waiting on rebuilds (property_id, stay_id, due_at) where state = 'waiting';
create index rebuilds_by_state on rebuilds (state, due_at);

create table catalogue (
  property_id text not null references properties (id),
  language text not null,
  kind text not null,
  key text not null,
  body text not null,
  content_hash text not null,
  primary key (property_id, language, kind, key)
);
