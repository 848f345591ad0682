-- name: add_staff!
insert into users (id, name, phone, email, language, made_at)
values (:id, :name, :phone, :email, :language, :made_at);

-- name: change_user!
update users set name = :name, phone = :phone, email = :email, language = :language where id = :id;

-- name: user_left!
update users set phone = null, email = null, left_at = :left_at where id = :id;

-- name: staff_by_id^
select u.*, (select count(*) from user_tokens t where t.user_id = u.id) as ways from users u where u.id = :id;

-- name: users_here
select u.*, (select count(*) from user_tokens t where t.user_id = u.id) as ways from users u
where u.left_at is null order by u.made_at, u.id;

-- name: user_by_token^
select u.*, (select count(*) from user_tokens w where w.user_id = u.id) as ways
from user_tokens t join users u on u.id = t.user_id
where t.kind = :kind and t.token = :token and u.left_at is null;

-- name: add_user_token!
insert into user_tokens (user_id, kind, token) values (:user_id, :kind, :token);

-- name: forget_user_tokens!
delete from user_tokens where user_id = :user_id;

-- name: forget_user_tokens_of_kind!
delete from user_tokens where user_id = :user_id and kind = :kind;

-- name: forget_user_token!
delete from user_tokens where kind = :kind and token = :token;

-- name: part_conversations!
update conversations set user_id = null, version = version + 1
where user_id = :user_id and number_id <> 'mail';

-- name: revoke_tokens_of_user!
update api_tokens set revoked_at = :at where user_id = :user_id and revoked_at is null;

-- name: houses_of_user
select p.* from memberships m join properties p on p.id = m.property_id where m.user_id = :user_id order by p.slug;

-- name: forget_membership!
delete from memberships where user_id = :user_id and property_id = :property_id;

-- name: members_of_property
select u.*, m.role, d.place, d.hours, d.off_until,
  (select count(*) from user_tokens t where t.user_id = u.id) as ways
from memberships m join users u on u.id = m.user_id
left join duties d on d.property_id = m.property_id and d.user_id = m.user_id
where m.property_id = :property_id and u.left_at is null
order by case when d.place is null then 1 else 0 end, d.place, u.made_at, u.id;

-- name: duties_of_property
select * from duties where property_id = :property_id order by place, user_id;

-- name: put_duty!
insert into duties (property_id, user_id, place, hours, off_until)
values (:property_id, :user_id, :place, :hours, :off_until)
on conflict (property_id, user_id) do update
set place = excluded.place, hours = excluded.hours, off_until = excluded.off_until;

-- name: forget_duty!
delete from duties where property_id = :property_id and user_id = :user_id;

-- name: reconsider_escalations!
update escalations set due_at = :at, version = version + 1
where property_id = :property_id and (due_at is not null
  or request_id in (select id from requests where property_id = :property_id and state = 'requested'));

-- name: user_tokens_of_kind
select user_id from user_tokens where kind = :kind limit 1;
