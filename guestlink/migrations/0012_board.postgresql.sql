-- What the staff board needs beside the journal: which conversations and stays moved without an event in it, notes
-- among the people of a house, who has a conversation, who is typing, replies that were sent before.

-- `position` is the transaction's number: numbers from a sequence are not in the order of the commits.
create table board_moves (
  id bigint generated always as identity primary key,
  position bigint not null default (pg_current_xact_id()::text::bigint),
  kind text not null,
  subject text not null
);

alter table conversations add column assigned_to text references users (id);

create table conversation_notes (
  id text primary key,
  conversation_id text not null references conversations (id),
  contact_id text references contacts (id),
  by_user text not null,
  words bytea not null,
  at text not null
);
create index conversation_notes_by_conversation on conversation_notes (conversation_id, id);

create table replies (
  conversation_id text not null references conversations (id),
  key_token text not null,
  body_token text not null,
  message_id text not null references messages (id),
  primary key (conversation_id, key_token)
);

create table typing (
  conversation_id text not null references conversations (id),
  by_user text not null,
  until_at text not null,
  primary key (conversation_id, by_user)
);

create table shift_notes (
  property_id text primary key references properties (id),
  words bytea not null,
  by_user text not null,
  at text not null,
  version bigint not null default 1
);

create index messages_in_order on messages (conversation_id, id);
create index outbox_unsent on outbox (conversation_id) where state in ('dead', 'in_doubt');
create index stays_by_beginning on stays (property_id, from_on);
create index conversation_tokens_by_token on conversation_tokens (token);

create index board_moves_by_position on board_moves (position);

create function board_moved() returns trigger language plpgsql as $$
  begin
    if tg_table_name = 'media' then
      insert into board_moves (kind, subject)
        select 'conversation', conversation_id from messages where id = new.message_id;
    elsif tg_table_name = 'links' then
      insert into board_moves (kind, subject) values ('stay', new.stay_id);
    elsif tg_table_name = 'conversations' then
      insert into board_moves (kind, subject) values ('conversation', new.id);
    else
      insert into board_moves (kind, subject) values ('conversation', new.conversation_id);
    end if;
    return null;
    end $$;

create function board_told() returns trigger language plpgsql as $$
  begin
    perform pg_notify('guestlink', '0');
    return null;
    end $$;

create trigger message_moved after insert on messages for each row execute function board_moved();

create trigger receipt_moved after update of receipt on messages for each row
  when (new.receipt <> old.receipt) execute function board_moved();

create trigger outbox_moved after update of state on outbox for each row
  when (new.state <> old.state and new.state <> 'sending') execute function board_moved();

create trigger media_moved after update of state on media for each row
  when (new.state <> old.state) execute function board_moved();

create trigger conversation_moved
  after update of waiting_since, opted_out_at, contact_id, stay_id, property_id, assigned_to on conversations
  for each row
  when ((new.waiting_since, new.opted_out_at, new.contact_id, new.stay_id, new.property_id, new.assigned_to)
    is distinct from
    (old.waiting_since, old.opted_out_at, old.contact_id, old.stay_id, old.property_id, old.assigned_to))
  execute function board_moved();

create trigger note_moved after insert on conversation_notes for each row execute function board_moved();

create trigger link_moved after update of opened_on, codes_seen_on on links for each row
  when ((new.opened_on, new.codes_seen_on) is distinct from (old.opened_on, old.codes_seen_on))
  execute function board_moved();

create trigger moves_told after insert on board_moves for each statement execute function board_told();

create trigger journal_told after insert on journal for each statement execute function board_told();
