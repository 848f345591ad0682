-- Tries of guide codes at /open, counted by all machines together. `address` is a blind token, never an address;
-- a row is of no use after an hour and goes with the next try.

create table tries (
  id text primary key,
  address text not null,
  at text not null
);
create index tries_by_address on tries (address, at);
create index tries_by_time on tries (at);
