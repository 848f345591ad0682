-- name: due_media
select d.message_id, d.contact_id, k.wrapped, d.source, d.attempts
from media d left join guest_keys k on k.contact_id = d.contact_id
where d.state = 'waiting' and d.not_before <= :at and d.leased_until <= :at order by d.not_before, d.message_id
limit :most for update of d skip locked;
