-- name: add_secret_wish!
insert into secret_wishes (id, property_id, unit_id, name, value, user_id, message_id, expires_at)
values (:id, :property_id, :unit_id, :name, :value, :user_id, :message_id, :expires_at);

-- name: secret_wish^
select * from secret_wishes where id = :id;

-- name: forget_secret_wishes!
delete from secret_wishes where message_id = :message_id;

-- name: forget_older_wishes!
delete from secret_wishes
where user_id = :user_id and property_id = :property_id and name = :name and coalesce(unit_id, '') = :unit_id;

-- name: forget_late_wishes!
delete from secret_wishes where expires_at <= :at;

-- name: late_wish^
select id from secret_wishes where expires_at <= :at limit 1;
