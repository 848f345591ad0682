-- name: due_rebuilds
select * from rebuilds
where (state = 'waiting' and due_at <= :at) or (state = 'claimed' and leased_until <= :at)
order by due_at, id limit :most for update skip locked;

-- name: wake_rebuilder
-- Told when the transaction commits, to whoever listens on the channel of guestlink/wakeups.py.
select pg_notify('guestlink', '0') as told;
