-- name: lock_property^
select changes from properties where id = :id for update;

-- name: lock_unit
select id from units where id = :id for update;
