-- What guests ask for and say: the read model of the journal's streams `request:<id>`, arrivals, ratings.
-- Their words are sealed under the contact's key; `words` is the JSON of fields and note, `reply` our words to them.

create table requests (
  id text primary key,
  property_id text not null references properties (id),
  stay_id text not null references stays (id),
  contact_id text not null references contacts (id),
  unit_id text references units (id),
  service text not null default '',
  title text not null default '',
  secret text not null default '',
  language text not null,
  state text not null,
  urgent bigint not null default 0,
  price bigint,
  per text not null default '',
  currency text not null default '',
  words bytea,
  reply bytea,
  assigned_to text not null default '',
  asked_key text not null,
  asked_body text not null,
  asked_at text not null,
  changed_at text not null,
  version bigint not null,
  unique (stay_id, asked_key)
);
create index requests_by_stay on requests (stay_id, asked_at);
create index requests_by_property on requests (property_id, state, asked_at);

create table arrivals (
  stay_id text primary key references stays (id),
  contact_id text not null references contacts (id),
  adults bigint not null,
  children bigint not null,
  note bytea,
  word bytea,
  told_at text not null,
  version bigint not null default 1
);

create table ratings (
  stay_id text primary key references stays (id),
  contact_id text not null references contacts (id),
  stars bigint not null,
  words bytea,
  told_at text not null,
  version bigint not null default 1
);
