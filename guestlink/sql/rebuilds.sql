-- name: ask_rebuild!
insert into rebuilds (id, property_id, stay_id, why, due_at, asked_at, state)
values (:id, :property_id, :stay_id, :why, :due_at, :asked_at, 'waiting')
on conflict (property_id, stay_id, due_at) where state = 'waiting' do update set asked_at = excluded.asked_at;

-- name: due_rebuilds
select * from rebuilds
where (state = 'waiting' and due_at <= :at) or (state = 'claimed' and leased_until <= :at)
order by due_at, id limit :most;

-- name: claim_rebuild!
update rebuilds set state = 'claimed', leased_until = :leased_until, attempts = attempts + 1
where id = :id and (state = 'waiting' or (state = 'claimed' and leased_until <= :at));

-- name: renew_claim!
update rebuilds set leased_until = :leased_until where id = :id and state = 'claimed';

-- name: finish_rebuild!
update rebuilds set state = :state, outcome = :outcome, finished_at = :finished_at, due_at = :due_at
where id = :id;

-- name: forget_rebuilds!
delete from rebuilds where state = 'done' and finished_at < :before;

-- name: drop_covered_rebuilds!
delete from rebuilds where property_id = :property_id and state = 'waiting' and due_at <= :at;

-- name: waiting_rebuilds
select r.*, p.slug from rebuilds r join properties p on p.id = r.property_id
where r.state in ('waiting', 'claimed') order by r.due_at, r.id;
