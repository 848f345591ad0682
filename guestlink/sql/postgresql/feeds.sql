-- name: claim_due_feed^
update feeds set leased_until = :leased_until, fence = fence + 1
where unit_id = (
  select unit_id from feeds where held_at is null and due_at <= :at and leased_until <= :at
  order by due_at, unit_id limit 1 for update skip locked
)
returning unit_id;
