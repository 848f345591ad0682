-- name: raise_alert!
insert into alerts (id, property_id, kind, subject, words, raised_at)
values (:id, :property_id, :kind, :subject, :words, :raised_at)
on conflict (property_id, kind, subject) where ended_at is null do nothing;

-- name: end_alert!
update alerts set ended_at = :ended_at
where property_id = :property_id and kind = :kind and subject = :subject and ended_at is null;

-- name: end_alerts_of_kind!
update alerts set ended_at = :ended_at where kind = :kind and ended_at is null;

-- name: forget_alerts!
delete from alerts where ended_at < :before;

-- name: open_alerts
select a.*, p.slug from alerts a left join properties p on p.id = a.property_id
where a.ended_at is null order by a.raised_at, a.id;

-- name: open_alerts_of_property
select a.*, p.slug from alerts a left join properties p on p.id = a.property_id
where a.property_id = :property_id and a.ended_at is null order by a.raised_at, a.id;

-- name: inbox_backlog
select state, count(*) as events from inbox where state in ('waiting', 'quarantined') group by state;

-- name: outbox_backlog
select state, count(*) as messages from outbox where state in ('waiting', 'in_doubt', 'dead') group by state;
