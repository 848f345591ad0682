-- name: hold_lanes
with oldest as materialized (
  select min(position) as position, lane from (
    select position, lane from inbox as i
    where state = 'waiting' and not_before <= :at and not exists (
      select 1 from inbox as e where e.lane = i.lane and e.position < i.position
      and e.state = 'waiting' and e.not_before <> '' and e.not_before > :at
    )
    order by position limit :look
  ) as ready
  group by lane order by min(position)
)
select position, lane from oldest where pg_try_advisory_xact_lock(hashtextextended(lane, 7265006)) limit :most;

-- name: waiting_events
select position, event_key, kind, lane, number_id, body, received_at, attempts from inbox
where position in (select value::bigint from jsonb_array_elements_text(cast(:positions as jsonb)) as value)
and state = 'waiting' and not_before <= :at
order by position;

-- name: announce_events
select pg_notify('guestlink', '0');
