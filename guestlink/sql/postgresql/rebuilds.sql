-- name: due_rebuilds
select * from rebuilds
where (state = 'waiting' and due_at <= :at) or (state = 'claimed' and leased_until <= :at)
order by due_at, id limit :most for update skip locked;
