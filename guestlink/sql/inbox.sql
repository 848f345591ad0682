-- name: receive_event*!
insert into inbox (event_key, kind, lane, number_id, body, received_at, state, outcome, done_at)
values (:event_key, :kind, :lane, :number_id, :body, :received_at, :state, :outcome, :done_at)
on conflict (event_key) do nothing;

-- name: hold_lanes
select min(position) as position, lane from (
  select position, lane from inbox as i indexed by inbox_waiting
  where state = 'waiting' and not_before <= :at and not exists (
    select 1 from inbox as e where e.lane = i.lane and e.position < i.position
    and e.state = 'waiting' and e.not_before <> '' and e.not_before > :at
  )
  order by position limit :look
) as ready
group by lane order by min(position) limit :most;

-- name: waiting_events
select position, event_key, kind, lane, number_id, body, received_at, attempts from inbox not indexed
where position in (select value from json_each(:positions)) and state = 'waiting' and not_before <= :at
order by position;

-- name: finish_event!
update inbox set state = :state, outcome = :outcome, done_at = :done_at
where position = :position and state = 'waiting';

-- name: delay_event!
update inbox set attempts = attempts + 1, not_before = :not_before, outcome = :outcome
where position = :position and state = 'waiting';

-- name: try_events_again!
update inbox set state = 'waiting', attempts = 0, not_before = '', done_at = null
where state = 'quarantined' and kind <> :unreadable and body is not null;

-- name: purge_events!
update inbox set body = null, state = 'purged'
where state in ('done', 'quarantined') and done_at < :before;

-- name: inbox_counts^
select coalesce(sum(case when state = 'waiting' then 1 else 0 end), 0) as waiting,
  coalesce(sum(case when state = 'quarantined' then 1 else 0 end), 0) as quarantined,
  coalesce(min(case when state = 'waiting' then received_at end), '') as oldest
from inbox where state in ('waiting', 'quarantined');

-- name: announce_events
select 0 as announced;

-- name: forget_event!
update inbox set body = null where event_key = :event_key;
