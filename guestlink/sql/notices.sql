-- name: notice_messages
select j.stay_id, j.contact_id, j.key, j.state, nullif(j.due_at, '') as due_at, coalesce(o.state, '') as outcome
from journey j left join outbox o on o.id = j.message_id
where j.property_id = :property_id and substr(j.key, 1, 7) = 'notice:'
order by j.id;
