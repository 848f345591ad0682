-- name: ask_rebuild^
-- Sources sort by their strength: '' < 'files' < 'git'.
insert into rebuilds (id, property_id, stay_id, why, due_at, asked_at, source, state)
values (:id, :property_id, :stay_id, :why, :due_at, :asked_at, :source, 'waiting')
on conflict (property_id, stay_id, due_at) where state = 'waiting' do update set
  asked_at = excluded.asked_at,
  why = case when excluded.source > rebuilds.source then excluded.why else rebuilds.why end,
  source = case when excluded.source > rebuilds.source then excluded.source else rebuilds.source end
returning id;

-- name: wake_rebuilder
select 1 as told;

-- name: hasten_failed_rebuild!
update rebuilds set due_at = ''
where id = (
    select id from rebuilds
    where property_id = :property_id and stay_id = :stay_id and state = 'waiting' and due_at > '' and attempts > 0
    order by due_at, id limit 1
  )
  and not exists (
    select 1 from rebuilds
    where property_id = :property_id and stay_id = :stay_id and state = 'waiting' and due_at = ''
  );

-- name: is_rebuild_due^
select 1 as due from rebuilds
where (state = 'waiting' and due_at <= :at) or (state = 'claimed' and leased_until <= :at)
limit 1;

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
delete from rebuilds where finished_at < :before and state not in ('waiting', 'claimed');

-- name: drop_covered_rebuilds!
-- Only what needs no newer files: those were read before this publish held its lease.
update rebuilds set state = 'done', outcome = 'published with another', finished_at = :at
where property_id = :property_id and state = 'waiting' and source = '' and due_at <= :at;

-- name: waiting_rebuilds
select r.*, p.slug from rebuilds r join properties p on p.id = r.property_id
where r.state in ('waiting', 'claimed') order by r.due_at, r.id;

-- name: rebuild_by_id^
select r.*, p.slug from rebuilds r join properties p on p.id = r.property_id
where r.id = :id
  and (:caller = '' or exists (select 1 from reach c where c.caller = :caller and c.property_id = r.property_id));
