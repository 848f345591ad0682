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
order by o.id limit :most for update of o skip locked;

-- name: pace_of_number^
select due, heard from number_paces where number_id = :number_id for update;
