-- Properties, units, people, stays, secrets. One text for both engines: instants are text in UTC that sorts,
-- dates are text, money is whole minor units, sealed values are bytes.

create table properties (
  id text primary key,
  slug text not null unique,
  zone text not null,
  currency text not null,
  default_language text not null,
  phone_number_id text not null default '',
  check_in text not null,
  check_out text not null,
  changes bigint not null default 0,
  made_at text not null
);

create table units (
  id text primary key,
  property_id text not null references properties (id),
  slug text not null,
  title text not null,
  feed bytea,
  version bigint not null default 1,
  unique (property_id, slug)
);

create table parties (
  id text primary key,
  property_id text not null references properties (id),
  reference text not null,
  unique (property_id, reference)
);

create table stays (
  id text primary key,
  property_id text not null references properties (id),
  source text not null,
  source_uid text not null,
  reference text not null,
  code text not null unique,
  party_id text references parties (id),
  status text not null,
  language text not null,
  adults bigint not null,
  children bigint not null,
  pets bigint not null,
  expected_arrival text not null default '',
  amount bigint,
  check_in text not null default '',
  check_out text not null default '',
  ready_at text,
  imported text not null default '',
  from_on text not null,
  until_on text not null,
  version bigint not null default 1,
  made_at text not null,
  unique (property_id, source, source_uid)
);
create index stays_by_end on stays (property_id, until_on);
create index stays_by_reference on stays (reference);

create table stay_periods (
  id text primary key,
  stay_id text not null references stays (id),
  unit_id text references units (id),
  from_on text not null,
  until_on text not null
);
create index stay_periods_by_stay on stay_periods (stay_id, from_on);
create index stay_periods_by_unit on stay_periods (unit_id, until_on);

create table contacts (
  id text primary key,
  property_id text not null references properties (id),
  name bytea,
  phone bytea,
  wa_id bytea,
  bsuid bytea,
  email bytea,
  opted_in_at text,
  opted_in_how text not null default '',
  opted_in_words bytea,
  version bigint not null default 1,
  made_at text not null
);

create table guest_keys (
  contact_id text primary key references contacts (id),
  wrapped bytea not null
);

create table contact_tokens (
  contact_id text not null references contacts (id),
  property_id text not null references properties (id),
  kind text not null,
  token text not null,
  primary key (property_id, kind, token, contact_id)
);
create index contact_tokens_by_contact on contact_tokens (contact_id);

create table stay_contacts (
  stay_id text not null references stays (id),
  contact_id text not null references contacts (id),
  role text not null,
  primary key (stay_id, contact_id)
);
create index stay_contacts_by_contact on stay_contacts (contact_id);

create table links (
  id text primary key,
  stay_id text not null references stays (id),
  contact_id text not null references contacts (id),
  slug text not null unique,
  generation bigint not null,
  page_key bytea not null,
  guide_token text not null,
  made_at text not null,
  replaced_at text,
  opened_on text,
  codes_seen_on text
);
create index links_by_stay on links (stay_id);
create index links_by_guide on links (guide_token);

create table secrets (
  id text primary key,
  property_id text not null references properties (id),
  unit_id text references units (id),
  stay_id text references stays (id),
  name text not null,
  value bytea not null,
  rule text not null default '',
  hours bigint not null default 0,
  valid_from text not null,
  valid_until text,
  set_by text not null,
  set_at text not null,
  version bigint not null default 1
);
create index secrets_by_property on secrets (property_id, name);

create table users (
  id text primary key,
  name bytea not null,
  made_at text not null
);

create table memberships (
  user_id text not null references users (id),
  property_id text not null references properties (id),
  role text not null,
  primary key (user_id, property_id)
);
