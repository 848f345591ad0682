-- name: add_media!
insert into media (message_id, contact_id, source, media_type, name)
values (:message_id, :contact_id, :source, :media_type, :name);

-- name: is_media_due^
select exists (select 1 from media where state = 'waiting' and not_before <= :at and leased_until <= :at) as due;

-- name: due_media
select d.message_id, d.contact_id, k.wrapped, d.source, d.attempts
from media d left join guest_keys k on k.contact_id = d.contact_id
where d.state = 'waiting' and d.not_before <= :at and d.leased_until <= :at order by d.not_before, d.message_id
limit :most;

-- name: lease_media!
update media set leased_until = :leased_until where message_id = :message_id;

-- name: record_media!
update media set state = :state, path = :path, size = :size, media_type = coalesce(:media_type, media_type),
  attempts = :attempts, not_before = :not_before, leased_until = '', reason = :reason
where message_id = :message_id;

-- name: media_of_message^
select d.*, k.wrapped from media d left join guest_keys k on k.contact_id = d.contact_id
where d.message_id = :message_id;
