-- What the staff board needs beside the journal: which conversations and stays moved without an event in it, notes
-- among the people of a house, who has a conversation, who is typing, replies that were sent before.

create table board_moves (
  id integer primary key autoincrement,
  position bigint not null default 0,
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

create trigger message_moved after insert on messages begin
  insert into board_moves (kind, subject) values ('conversation', new.conversation_id);
  end;

create trigger receipt_moved after update of receipt on messages when new.receipt <> old.receipt begin
  insert into board_moves (kind, subject) values ('conversation', new.conversation_id);
  end;

create trigger outbox_moved after update of state on outbox when new.state <> old.state and new.state <> 'sending' begin
  insert into board_moves (kind, subject) values ('conversation', new.conversation_id);
  end;

create trigger media_moved after update of state on media when new.state <> old.state begin
  insert into board_moves (kind, subject)
    select 'conversation', conversation_id from messages where id = new.message_id;
  end;

create trigger conversation_moved
  after update of waiting_since, opted_out_at, contact_id, stay_id, property_id, assigned_to on conversations
  when new.waiting_since is not old.waiting_since or new.opted_out_at is not old.opted_out_at
    or new.contact_id is not old.contact_id or new.stay_id is not old.stay_id
    or new.property_id is not old.property_id or new.assigned_to is not old.assigned_to
  begin
  insert into board_moves (kind, subject) values ('conversation', new.id);
  end;

create trigger note_moved after insert on conversation_notes begin
  insert into board_moves (kind, subject) values ('conversation', new.conversation_id);
  end;

create trigger link_moved after update of opened_on, codes_seen_on on links
  when new.opened_on is not old.opened_on or new.codes_seen_on is not old.codes_seen_on begin
  insert into board_moves (kind, subject) values ('stay', new.stay_id);
  end;
