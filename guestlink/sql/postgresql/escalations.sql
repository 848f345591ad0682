-- name: due_escalations
select request_id from escalations where due_at <= :at order by due_at, request_id limit :most for update skip locked;
