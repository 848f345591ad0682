-- name: lock_stay
select id from stays where id = :id for update;
