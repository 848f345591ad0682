-- name: due_journey
select id, property_id, stay_id, contact_id, key, state, nullif(due_at, '') as due_at, ends_at, channel, tried, message_id,
  reason, by_user, decided_at
from journey where state = 'planned' and due_at <> '' and due_at <= :at order by due_at, id limit :most
for update skip locked;

-- name: failed_journey
select j.id, j.property_id, j.stay_id, j.contact_id, j.key, j.state, nullif(j.due_at, '') as due_at, j.ends_at, j.channel,
  j.tried, j.message_id, j.reason, j.by_user, j.decided_at, o.reason as failure
from journey j join outbox o on o.id = j.message_id
where j.state = 'sent' and j.reason = '' and o.state = 'dead' order by j.id limit :most
for update of j skip locked;

-- name: journey_mark^
select position, content_hash, known_since, swept_to from journey_marks where property_id = :property_id for update;
