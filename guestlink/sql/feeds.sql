-- name: begin_feed!
insert into feeds (unit_id) values (:unit_id)
on conflict (unit_id) do update set due_at = '', leased_until = '', fence = feeds.fence + 1, etag = '',
  last_modified = '', body_hash = '', failures = 0, failing_since = null, reason = '', outcome = '', fetched_at = null,
  changed_at = null, held_at = null;

-- name: is_feed_due^
select 1 as due from feeds where held_at is null and due_at <= :at and leased_until <= :at limit 1;

-- name: claim_due_feed^
update feeds set leased_until = :leased_until, fence = fence + 1
where unit_id = (
  select unit_id from feeds where held_at is null and due_at <= :at and leased_until <= :at
  order by due_at, unit_id limit 1
)
returning unit_id;

-- name: claim_feed^
update feeds set leased_until = :leased_until, fence = fence + 1
where unit_id = :unit_id and leased_until <= :at
returning unit_id;

-- name: record_feed!
update feeds set due_at = :due_at, leased_until = '', etag = :etag, last_modified = :last_modified,
  body_hash = :body_hash, failures = :failures, failing_since = :failing_since, reason = :reason, outcome = :outcome,
  fetched_at = :fetched_at, changed_at = :changed_at
where unit_id = :unit_id and fence = :fence;

-- name: hold_feed!
update feeds set held_at = :held_at where unit_id = :unit_id and held_at is null;

-- name: resume_feed!
update feeds set held_at = null, due_at = '' where unit_id = :unit_id and held_at is not null;

-- name: feed_of_unit^
select f.*, u.property_id, p.slug as house, u.slug as unit, u.feed as address
from feeds f join units u on u.id = f.unit_id join properties p on p.id = u.property_id
where f.unit_id = :unit_id and u.feed is not null;

-- name: all_feeds
select f.*, u.property_id, p.slug as house, u.slug as unit, u.feed as address
from feeds f join units u on u.id = f.unit_id join properties p on p.id = u.property_id
where u.feed is not null order by p.slug, length(u.slug), u.slug;
