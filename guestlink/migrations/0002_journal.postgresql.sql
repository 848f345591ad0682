-- The journal: what happened, in order, for ever.

create table journal (
  position bigint generated always as identity primary key,
  stream text not null,
  version bigint not null,
  kind text not null,
  property_id text not null,
  by_user text not null,
  at text not null,
  body text not null,
  digest text not null,
  unique (stream, version)
);
create index journal_by_property on journal (property_id, position);
