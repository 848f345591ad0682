-- name: lock_tries
select 1 as locked;

-- name: tries_of_address^
select count(*) as tries, min(at) as oldest from tries where address = :address and at > :since;

-- name: tries_of_site^
select count(*) as tries, min(at) as oldest from tries where at > :since;

-- name: add_try!
insert into tries (id, address, at) values (:id, :address, :at);

-- name: forget_try!
delete from tries where id = :id;

-- name: sweep_tries!
delete from tries where at <= :before;
