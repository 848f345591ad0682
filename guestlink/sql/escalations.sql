-- name: begin_escalation!
insert into escalations (request_id, property_id, due_at, told) values (:request_id, :property_id, :due_at, :told)
on conflict (request_id) do nothing;

-- name: escalation_of^
select * from escalations where request_id = :request_id;

-- name: keep_escalation!
update escalations set told = :told, guest_told_at = :guest_told_at, rounds = :rounds, due_at = :due_at,
  version = version + 1
where request_id = :request_id;

-- name: end_escalation!
update escalations set due_at = null, version = version + 1 where request_id = :request_id;

-- name: due_escalations
select request_id from escalations where due_at <= :at order by due_at, request_id limit :most;

-- name: is_escalation_due^
select exists (select 1 from escalations where due_at <= :at) as due;

-- name: conversation_of_user^
select id from conversations where user_id = :user_id and number_id <> 'mail' order by coalesce(heard_at, made_at) desc
limit 1;

-- name: last_who_answered^
select m.by_user, m.at from messages m join users u on u.id = m.by_user
where m.conversation_id = :conversation_id and m.direction = 'out' and m.why = :why order by m.id desc limit 1;
