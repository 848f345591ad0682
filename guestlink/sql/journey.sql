-- name: silenced_numbers
select number_id, opted_out_at, unreachable_at from conversations
where contact_id = :contact_id and (opted_out_at is not null or unreachable_at is not null) order by number_id;

-- name: first_of_party^
select s.id from stays s join stay_contacts j on j.stay_id = s.id
where s.party_id = :party_id and s.from_on = :from_on and j.contact_id = :contact_id
  and s.status in ('confirmed', 'proposed_cancelled')
order by s.id limit 1;

-- name: stays_of_party
select id from stays where party_id = :party_id and id <> :stay_id order by id;

-- name: journey_of_stay
select id, property_id, stay_id, contact_id, key, state, nullif(due_at, '') as due_at, ends_at, channel, tried, message_id,
  reason, by_user, decided_at
from journey where stay_id = :stay_id order by (due_at = ''), due_at, key, contact_id;

-- name: plan_message!
insert into journey (id, property_id, stay_id, contact_id, key, state, due_at, ends_at, reason, by_user, changed_at)
values (:id, :property_id, :stay_id, :contact_id, :key, :state, :due_at, :ends_at, :reason, :by_user, :at)
on conflict (stay_id, contact_id, key) do update set state = excluded.state, due_at = excluded.due_at,
  ends_at = excluded.ends_at, reason = excluded.reason, by_user = excluded.by_user, decided_at = null,
  tried = case when journey.state = 'planned' then journey.tried else '' end,
  changed_at = excluded.changed_at
where journey.state <> 'sent';

-- name: due_journey
select id, property_id, stay_id, contact_id, key, state, nullif(due_at, '') as due_at, ends_at, channel, tried, message_id,
  reason, by_user, decided_at
from journey where state = 'planned' and due_at <> '' and due_at <= :at order by due_at, id limit :most;

-- name: is_journey_due^
select exists (select 1 from journey where state = 'planned' and due_at <> '' and due_at <= :at) as due,
  exists (select 1 from journey j join outbox o on o.id = j.message_id
    where j.state = 'sent' and j.reason = '' and o.state = 'dead') as failed;

-- name: failed_journey
select j.id, j.property_id, j.stay_id, j.contact_id, j.key, j.state, nullif(j.due_at, '') as due_at, j.ends_at, j.channel,
  j.tried, j.message_id, j.reason, j.by_user, j.decided_at, o.reason as failure
from journey j join outbox o on o.id = j.message_id
where j.state = 'sent' and j.reason = '' and o.state = 'dead' order by j.id limit :most;

-- name: settle_journey!
update journey set state = :state, due_at = :due_at, channel = :channel, tried = :tried, message_id = :message_id,
  reason = :reason, by_user = :by_user, decided_at = :decided_at, changed_at = :at
where id = :id and state = :before;

-- name: stays_to_plan
select id from stays
where property_id = :property_id and until_on >= :ended_since and id > :after
order by id limit :most;

-- name: stays_of_unit
select distinct s.id from stays s join stay_periods p on p.stay_id = s.id
where p.unit_id = :unit_id and s.until_on >= :ended_since order by s.id;

-- name: stays_around
select id from stays
where property_id = :property_id and until_on >= :ended_since and from_on <= :until_on
  and status in ('confirmed', 'proposed_cancelled')
order by id;

-- name: stay_was_made^
select made_at from stays where id = :id;

-- name: was_here_before^
select 1 as was_here from stay_contacts j join stays e on e.id = j.stay_id
where j.contact_id = :contact_id and e.from_on < :from_on and e.status = 'confirmed' limit 1;

-- name: journey_mark^
select position, content_hash, known_since, swept_to from journey_marks where property_id = :property_id;

-- name: texts_known_since^
select known_since from journey_marks where property_id = :property_id;

-- name: keep_journey_mark!
insert into journey_marks (property_id, position, content_hash, known_since, swept_to)
values (:property_id, :position, :content_hash, :known_since, :swept_to)
on conflict (property_id) do update set position = excluded.position, content_hash = excluded.content_hash,
  known_since = excluded.known_since, swept_to = excluded.swept_to;

-- name: planning_needs^
select
  exists (select 1 from journal
    where position > coalesce((select position from journey_marks where property_id = ''), -1)) as events,
  exists (select 1 from properties p
    left join journey_marks m on m.property_id = p.id
    left join catalogue c on c.property_id = p.id and c.language = '' and c.kind = 'content' and c.key = ''
    where m.property_id is null or m.swept_to <> '' or m.content_hash <> coalesce(c.content_hash, '')) as houses;

-- name: journal_end^
select coalesce(max(position), 0) as position from journal;

-- name: content_hash^
select content_hash from catalogue where property_id = :property_id and language = '' and kind = 'content' and key = '';

-- name: journey_outcomes
select o.id, o.state, o.reason, o.price, o.currency, m.receipt
from journey j join outbox o on o.id = j.message_id join messages m on m.id = o.id
where j.stay_id = :stay_id;

-- name: coming_messages
select j.due_at, j.key, s.reference, s.code from journey j join stays s on s.id = j.stay_id
where j.property_id = :property_id and j.state = 'planned' and j.due_at <> '' order by j.due_at, j.id limit :most;

-- name: messages_of_day^
select count(*) as many from journey
where property_id = :property_id and state = 'planned' and due_at >= :at and due_at < :until;

-- name: cards_to_print^
select count(distinct j.stay_id) as many from journey j join stays s on s.id = j.stay_id
where j.property_id = :property_id and j.channel = 'print' and j.state = 'sent' and s.from_on >= :today
  and s.status in ('confirmed', 'proposed_cancelled');
