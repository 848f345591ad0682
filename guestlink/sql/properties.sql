-- name: add_property!
insert into properties (id, slug, zone, currency, default_language, check_in, check_out, made_at)
values (:id, :slug, :zone, :currency, :default_language, :check_in, :check_out, :made_at);

-- name: change_property!
update properties set zone = :zone, currency = :currency, default_language = :default_language,
  check_in = :check_in, check_out = :check_out
where id = :id;

-- name: set_number_of_property!
update properties set phone_number_id = :phone_number_id where id = :id;

-- name: touch_property!
update properties set changes = changes + 1 where id = :id;

-- name: lock_property^
select changes from properties where id = :id;

-- name: properties
select * from properties order by slug;

-- name: property_by_slug^
select * from properties where slug = :slug;

-- name: property_by_id^
select * from properties where id = :id;

-- name: add_unit!
insert into units (id, property_id, slug, title) values (:id, :property_id, :slug, :title);

-- name: change_unit!
update units set title = :title, feed = :feed, version = version + 1 where id = :id;

-- name: units
select * from units where property_id = :property_id order by length(slug), slug;

-- name: unit_by_slug^
select * from units where property_id = :property_id and slug = :slug;

-- name: lock_unit
select id from units where id = :id;

-- name: add_user!
insert into users (id, name, made_at) values (:id, :name, :made_at);

-- name: first_user^
select u.* from users u order by u.made_at, u.id limit 1;

-- name: add_membership!
insert into memberships (user_id, property_id, role) values (:user_id, :property_id, :role)
on conflict (user_id, property_id) do update set role = excluded.role;

-- name: membership^
select * from memberships where user_id = :user_id and property_id = :property_id;
