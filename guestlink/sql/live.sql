-- name: moves_head^
select coalesce(max(id), 0) as position from board_moves;

-- name: moves_since
select id, kind, subject from board_moves where id > :position order by id limit :most;

-- name: moves_kept^
select coalesce(min(id), 1) as first_id, coalesce(min(id), 1) as first_position from board_moves;

-- name: forget_moves!
delete from board_moves where id < (select max(id) from board_moves) - :most;

-- name: move_board!
insert into board_moves (kind, subject) values (:kind, :subject);

-- name: reach_of_caller
select property_id from reach where caller = :caller;

-- name: stays_coming_or_going
select * from stays
where property_id = :property_id and from_on in (:today, :tomorrow) and status in ('confirmed', 'proposed_cancelled')
union
select * from stays
where property_id = :property_id and until_on in (:today, :tomorrow) and status in ('confirmed', 'proposed_cancelled');

-- name: openings_of_stays
select stay_id, max(opened_on) as opened_page, max(codes_seen_on) as codes_seen from links
where replaced_at is null and stay_id in (select value from json_each(:stays)) group by stay_id;

-- name: conversations_waiting^
select count(*) as waiting from conversations
where property_id = :property_id and waiting_since is not null and user_id is null;

-- name: conversation_in_reach^
select c.id from conversations c
where c.id = :id and c.user_id is null and exists (select 1 from reach a where a.caller = :caller
  and (a.property_id = c.property_id or (c.property_id is null and a.role <> 'staff')));

-- name: reaches_houseless^
select 1 as yes from reach where caller = :caller and role <> 'staff' limit 1;

-- name: houseless_conversations
select c.id from conversations c
where c.property_id is null and c.user_id is null and c.heard_at is not null
  and (:only_waiting = 0 or c.waiting_since is not null)
order by coalesce(c.waiting_since, c.heard_at) desc limit :most;

-- name: newest_conversations
select m.id as last, m.conversation_id as id from messages m
join conversations c on c.id = m.conversation_id
join reach a on a.property_id = c.property_id and a.caller = :caller
join properties p on p.id = c.property_id
where c.user_id is null and (:property = '' or p.slug = :property) and (:before = '' or m.id < :before)
  and not exists (select 1 from messages n where n.conversation_id = m.conversation_id and n.id > m.id)
order by m.id desc limit :most;

-- name: waiting_conversations
select c.id, c.waiting_since as last from conversations c
join reach a on a.property_id = c.property_id and a.caller = :caller
join properties p on p.id = c.property_id
where c.waiting_since is not null and c.user_id is null and (:property = '' or p.slug = :property)
  and (:before = '' or c.waiting_since > :before)
order by c.waiting_since, c.id limit :most;

-- name: talks_about_stay
select c.id from conversations c
join reach a on a.property_id = c.property_id and a.caller = :caller
where c.user_id is null
  and (c.contact_id in (select contact_id from stay_contacts where stay_id = :stay_id)
    or (c.contact_id is null and c.stay_id = :stay_id))
order by case when c.stay_id = :stay_id then 0 else 1 end, coalesce(c.heard_at, c.made_at) desc, c.id;

-- name: newest_message^
select m.*, k.wrapped, coalesce(o.state, '') as state, coalesce(o.reason, '') as reason
from messages m
left join guest_keys k on k.contact_id = m.contact_id
left join outbox o on o.id = m.id
where m.conversation_id = :conversation_id order by m.id desc limit 1;

-- name: newest_heard^
select m.*, k.wrapped, '' as state, '' as reason
from messages m
left join guest_keys k on k.contact_id = m.contact_id
where m.conversation_id = :conversation_id and m.direction = 'in' order by m.id desc limit 1;

-- name: messages_before
select m.*, k.wrapped, coalesce(o.state, '') as state, coalesce(o.reason, '') as reason
from messages m
left join guest_keys k on k.contact_id = m.contact_id
left join outbox o on o.id = m.id
where m.conversation_id = :conversation_id and (:before = '' or m.id < :before)
order by m.id desc limit :most;

-- name: unsent_in_conversation^
select count(*) as unsent, sum(case when state = 'in_doubt' then 1 else 0 end) as in_doubt from outbox
where conversation_id = :conversation_id and state in ('dead', 'in_doubt');

-- name: message_in_reach^
select m.id, m.conversation_id, coalesce(o.state, '') as state from messages m
join conversations c on c.id = m.conversation_id
left join outbox o on o.id = m.id
where m.id = :id and c.user_id is null and exists (select 1 from reach a where a.caller = :caller
  and (a.property_id = c.property_id or (c.property_id is null and a.role <> 'staff')));

-- name: media_state^
select state, media_type, size, reason from media where message_id = :message_id;

-- name: add_conversation_note!
insert into conversation_notes (id, conversation_id, contact_id, by_user, words, at)
values (:id, :conversation_id, :contact_id, :by_user, :words, :at);

-- name: notes_of_conversation
select n.*, k.wrapped from conversation_notes n left join guest_keys k on k.contact_id = n.contact_id
where n.conversation_id = :conversation_id order by n.id desc limit :most;

-- name: assign_conversation!
update conversations set assigned_to = :assigned_to, version = version + 1 where id = :id;

-- name: reply_by_key^
select body_token, message_id from replies where conversation_id = :conversation_id and key_token = :key_token;

-- name: remember_reply!
insert into replies (conversation_id, key_token, body_token, message_id)
values (:conversation_id, :key_token, :body_token, :message_id);

-- name: put_typing!
insert into typing (conversation_id, by_user, until_at) values (:conversation_id, :by_user, :until_at)
on conflict (conversation_id, by_user) do update set until_at = excluded.until_at;

-- name: typing_in
select by_user, until_at from typing where conversation_id = :conversation_id and until_at > :at order by by_user;

-- name: shift_note^
select * from shift_notes where property_id = :property_id;

-- name: put_shift_note!
insert into shift_notes (property_id, words, by_user, at) values (:property_id, :words, :by_user, :at)
on conflict (property_id) do update set words = excluded.words, by_user = excluded.by_user, at = excluded.at,
  version = shift_notes.version + 1;

-- name: contacts_without_names
select c.*, k.wrapped from contacts c join guest_keys k on k.contact_id = c.id
where not exists (select 1 from contact_tokens t where t.contact_id = c.id and t.kind = 'name')
order by c.id limit :most;

-- name: contacts_found
with found as (
  select t.contact_id from reach a cross join contact_tokens t
  where a.caller = :caller and t.property_id = a.property_id and t.kind = :kind and t.token = :token
    and (:token_too = '' or exists (
    select 1 from contact_tokens o where o.property_id = t.property_id and o.kind = t.kind
      and o.token = :token_too and o.contact_id = t.contact_id))
  order by t.contact_id desc limit :most)
select c.*, k.wrapped from found cross join contacts c
join guest_keys k on k.contact_id = c.id
where c.id = found.contact_id
order by c.id desc;

-- name: newest_stays_of_contact
select s.* from stay_contacts j join stays s on s.id = j.stay_id
where j.contact_id = :contact_id order by s.from_on desc, s.id desc limit :most;

-- name: stays_called
select s.* from stays s cross join reach a
where (s.reference in (:name, upper(:name), lower(:name)) or s.code = upper(:name))
  and a.property_id = s.property_id and a.caller = :caller
order by s.from_on desc, s.id desc limit :most;

-- name: stays_in_units_called
select s.* from units u
join reach a on a.property_id = u.property_id and a.caller = :caller
join stay_periods p on p.unit_id = u.id and p.until_on >= :today and p.from_on <= :soon
join stays s on s.id = p.stay_id and s.status in ('confirmed', 'proposed_cancelled')
where lower(u.title) = lower(:name) or u.slug = :slug or u.slug like :ending
order by p.from_on, s.id limit :most;

-- name: conversations_found
select c.id from conversation_tokens t
join conversations c on c.id = t.conversation_id
join reach a on a.property_id = c.property_id and a.caller = :caller
where t.token = :token and t.kind = :kind and c.user_id is null;
