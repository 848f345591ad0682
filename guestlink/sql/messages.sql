-- name: conversation_by_id^
select c.*, k.wrapped from conversations c left join guest_keys k on k.contact_id = c.contact_id where c.id = :id;

-- name: conversation_by_token^
select conversation_id from conversation_tokens
where number_id = :number_id and kind = :kind and token = :token;

-- name: add_conversation!
insert into conversations (id, number_id, address, language, made_at)
values (:id, :number_id, :address, :language, :made_at);

-- name: bind_conversation!
update conversations set contact_id = :contact_id, stay_id = :stay_id, property_id = :property_id, user_id = :user_id,
  language = :language, version = version + 1
where id = :id;

-- name: readdress_conversation!
update conversations set address = :address, version = version + 1 where id = :id;

-- name: mark_conversation!
update conversations set
  unreachable_at = case when coalesce(:heard_at, '') > coalesce(heard_at, '') then null else unreachable_at end,
  heard_at = :heard_at, waiting_since = :waiting_since, alerted_at = :alerted_at,
  greeted_at = :greeted_at, opted_out_at = :opted_out_at, version = version + 1
where id = :id;

-- name: remember_conversation!
insert into conversation_tokens (number_id, kind, token, conversation_id)
values (:number_id, :kind, :token, :conversation_id)
on conflict (number_id, kind, token) do update set conversation_id = excluded.conversation_id;

-- name: forget_conversation_tokens!
delete from conversation_tokens where conversation_id = :conversation_id;

-- name: add_message!
insert into messages (id, conversation_id, direction, kind, contact_id, body, by_user, why, stay_id, request_id, answers,
  about, at)
values (:id, :conversation_id, :direction, :kind, :contact_id, :body, :by_user, :why, :stay_id, :request_id, :answers,
  :about, :at);

-- name: learn_wamid!
update messages set wamid_token = :token, wamid = :wamid where id = :id;

-- name: reseal_message!
update messages set contact_id = :contact_id, body = :body, wamid = :wamid where id = :id;

-- name: message_by_id^
select m.*, k.wrapped from messages m left join guest_keys k on k.contact_id = m.contact_id where m.id = :id;

-- name: message_by_wamid^
select m.*, k.wrapped from messages m left join guest_keys k on k.contact_id = m.contact_id
where m.wamid_token = :token;

-- name: messages_of_conversation
select m.*, k.wrapped, coalesce(o.state, '') as state, coalesce(o.reason, '') as reason
from messages m
left join guest_keys k on k.contact_id = m.contact_id
left join outbox o on o.id = m.id
where m.conversation_id = :conversation_id order by m.id limit :most;

-- name: conversation_of_contact^
select id from conversations where contact_id = :contact_id and number_id <> 'mail' order by coalesce(heard_at, made_at) desc limit 1;

-- name: conversations_of_contact
select id, number_id from conversations where contact_id = :contact_id order by id;

-- name: unbind_conversation!
update conversations set stay_id = null, version = version + 1 where id = :id and contact_id is null;

-- name: letters_unread
select m.id, m.by_user from messages m
join outbox o on o.id = m.id
join users u on u.id = m.by_user
where m.conversation_id = :conversation_id and m.kind = 'text' and o.route = 'template' and o.state = 'sent'
  and not exists (select 1 from messages c where c.answers <> '' and c.answers = m.id and c.why = :why)
order by m.id;

-- name: quotes_unread
select m.id, m.about, m.stay_id from messages m
join outbox o on o.id = m.id
where m.conversation_id = :conversation_id and m.about <> ''
  and ((o.route = 'template' and o.state = 'sent') or (o.state = 'dropped' and o.reason = :held))
  and not exists (select 1 from messages c where c.answers <> '' and c.answers = m.id and c.why = :why)
order by m.id;

-- name: way_of_message^
select route from outbox where id = :id;

-- name: count_heard^
select count(*) as heard from messages
where conversation_id = :conversation_id and at > :since and direction = 'in';

-- name: quoted_lately^
select m.id from messages m join messages a on a.id = m.about
where m.conversation_id = :conversation_id and m.at > :since and a.conversation_id = :guest_conversation_id
limit 1;

-- name: hold_message!
update outbox set state = 'dropped', reason = :reason, settled_at = :at where id = :id and state = 'waiting';
