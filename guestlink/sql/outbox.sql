-- name: put_message!
insert into outbox (id, conversation_id, not_before, expires_at, asked_at)
values (:id, :conversation_id, :not_before, :expires_at, :asked_at);

-- name: due_messages
select o.id, o.conversation_id, o.attempts, o.route, o.asked_at, m.stay_id, m.answers, c.free_from
from outbox o
join conversations c on c.id = o.conversation_id
join messages m on m.id = o.id
where o.state = 'waiting' and o.not_before <= :at and c.number_id = :number_id and c.free_from <= :at
  and (o.expires_at is null or o.expires_at > :at)
  and not exists (
    select 1 from outbox e
    where e.conversation_id = o.conversation_id and e.id < o.id and e.state in ('waiting', 'sending')
      and (e.state = 'sending' or e.not_before <= :at or (e.attempts > 0 and e.not_before <= :patience))
  )
order by o.id limit :most;

-- name: numbers_to_serve
select distinct c.number_id from outbox o join conversations c on c.id = o.conversation_id
where o.state = 'waiting' and o.not_before <= :at;

-- name: outbox_needs^
select exists (select 1 from outbox where state = 'waiting') as waiting,
  exists (select 1 from outbox where state = 'waiting' and not_before <= :at) as due,
  exists (select 1 from outbox where state = 'waiting' and expires_at <= :at) as expired,
  exists (select 1 from outbox where state = 'sending') as sending,
  exists (select 1 from outbox where state = 'sending' and leased_until <= :at) as lapsed;

-- name: intend_to_send*!
update outbox set state = 'sending', leased_until = :leased_until, attempts = attempts + 1, route = :route,
  category = :category, price = :price, currency = :currency
where id = :id and state = 'waiting';

-- name: pace_conversation*!
update conversations set free_from = :free_from where id = :id;

-- name: end_sending!
update outbox set state = :state, not_before = :not_before, route = :route, code = :code, reason = :reason,
  settled_at = :at, sent_at = case when :state = 'sent' then :at else sent_at end
where id = :id and attempts = :attempts and state in ('sending', 'in_doubt');

-- name: unsend!
update outbox set state = 'waiting', attempts = attempts - 1
where id = :id and attempts = :attempts and state = 'sending';

-- name: bury_message!
update outbox set state = 'dead', code = :code, reason = :reason, settled_at = :at where id = :id and state = 'waiting';

-- name: withdraw_message!
update outbox set state = 'dropped', reason = :reason, settled_at = :at where id = :id and state = 'waiting';

-- name: bury_waiting!
update outbox set state = 'dead', reason = :reason, settled_at = :at
where conversation_id = :conversation_id and state = 'waiting';

-- name: expire_messages!
update outbox set state = 'dead', reason = :reason, settled_at = :at
where state = 'waiting' and expires_at <= :at;

-- name: doubt_lapsed!
update outbox set state = 'in_doubt', reason = :reason, settled_at = :at
where state = 'sending' and leased_until <= :at;

-- name: message_to_settle^
select o.id, o.state, o.attempts, o.route, o.category, o.price, o.currency, m.receipt, m.receipt_at, m.wamid_token, m.contact_id, c.number_id, k.wrapped
from outbox o
join messages m on m.id = o.id
join conversations c on c.id = o.conversation_id
left join guest_keys k on k.contact_id = m.contact_id
where o.id = :id;

-- name: outbox_by_wamid^
select o.id from messages m join outbox o on o.id = m.id where m.wamid_token = :token;

-- name: learn_receipt!
update messages set receipt = :receipt, receipt_at = :receipt_at where id = :id;

-- name: settle_as_sent!
update outbox set state = 'sent', code = 0, reason = '', sent_at = coalesce(sent_at, :at), settled_at = :at
where id = :id and state not in ('sent', 'dropped');

-- name: settle_price!
update outbox set category = :category, price = case when :is_free = 1 then 0 else price end where id = :id;

-- name: settle_as_failed!
update outbox set state = :state, not_before = :not_before, route = :route, code = :code, reason = :reason,
  settled_at = :at
where id = :id and state not in ('waiting', 'dropped');

-- name: send_by_hand!
update outbox set state = 'waiting', not_before = '', expires_at = null, route = '', code = 0,
  reason = '', settled_at = null
where id = :id and state in ('dead', 'in_doubt');

-- name: drop_message!
update outbox set state = 'dropped', settled_at = :at where id = :id and state in ('waiting', 'dead', 'in_doubt');

-- name: unsent_messages
select o.id, o.state, o.code, o.reason, o.attempts, o.asked_at, o.settled_at, m.conversation_id, m.kind, m.why,
  m.contact_id, c.user_id, p.slug as property, s.code as stay
from outbox o
join messages m on m.id = o.id
join conversations c on c.id = o.conversation_id
left join properties p on p.id = c.property_id
left join stays s on s.id = m.stay_id
where o.state = :state and o.state in ('waiting', 'in_doubt', 'dead') and (:stay_id = '' or m.stay_id = :stay_id)
order by o.id;

-- name: spent_on_stay
select o.category, o.currency, count(*) as messages, cast(coalesce(sum(o.price), 0) as bigint) as price,
  count(*) - count(o.price) as unpriced
from outbox o join messages m on m.id = o.id
where m.stay_id = :stay_id and o.state = 'sent'
group by o.category, o.currency order by o.category, o.currency;

-- name: pace_of_number^
select due, heard from number_paces where number_id = :number_id;

-- name: begin_pace!
insert into number_paces (number_id, due, heard) select :number_id, 0, coalesce(max(position), 0) from inbox where true
on conflict (number_id) do nothing;

-- name: keep_pace!
update number_paces set due = :due, heard = :heard where number_id = :number_id;

-- name: heard_since^
select count(case when number_id = :number_id and kind = 'message' then 1 end) as messages,
  coalesce(max(position), :position) as position
from inbox where position > :position;

-- name: conversations_of_stay
select id from conversations
where stay_id = :stay_id or contact_id in (select contact_id from stay_contacts where stay_id = :stay_id)
order by made_at;

-- name: mark_unreachable!
update conversations set unreachable_at = :at
where id = (select conversation_id from outbox where id = :id) and unreachable_at is null;

-- name: opt_out_by_message!
update conversations set opted_out_at = :at, version = version + 1
where id = (select conversation_id from outbox where id = :id) and opted_out_at is null;
