-- name: lock_unit
select id from units where id = :id for update;
