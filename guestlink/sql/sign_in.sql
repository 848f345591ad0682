-- name: add_session!
insert into sessions (id, user_id, how, browser, device, made_at, seen_at, expires_at)
values (:id, :user_id, :how, :browser, :device, :at, :at, :expires_at);

-- name: session_that_counts^
select s.* from sessions s join users u on u.id = s.user_id
where s.id = :id and s.ended_at is null and s.expires_at > :at and u.left_at is null;

-- name: sessions_of_user
select * from sessions where user_id = :user_id and ended_at is null and expires_at > :at order by seen_at desc, id;

-- name: renew_session!
update sessions set seen_at = :at, expires_at = :expires_at where id = :id and ended_at is null;

-- name: end_session!
update sessions set ended_at = :at where id = :id and ended_at is null;

-- name: end_sessions_of_user!
update sessions set ended_at = :at where user_id = :user_id and ended_at is null and expires_at > :at;

-- name: end_sessions_on_device!
update sessions set ended_at = :at where device = :device and ended_at is null;

-- name: sweep_sessions!
delete from sessions where expires_at <= :before or ended_at <= :before;

-- name: roles_of_user
select m.property_id, m.role from memberships m join users u on u.id = m.user_id where m.user_id = :user_id and u.left_at is null;

-- name: add_sign_in_code!
insert into sign_in_codes (id, user_id, message_id, hash, value, expires_at)
values (:id, :user_id, :message_id, :hash, :value, :expires_at);

-- name: code_to_send^
select id, value from sign_in_codes where message_id = :message_id and value is not null and expires_at > :at;

-- name: forget_sent_codes!
update sign_in_codes set value = null
where value is not null
  and message_id in (select o.id from outbox o where o.id = message_id and o.state not in ('waiting', 'sending'));

-- name: code_that_counts^
select id, hash from sign_in_codes
where user_id = :user_id and spent_at is null and expires_at > :at and tries < :most;

-- name: count_code_try!
update sign_in_codes set tries = tries + 1 where id = :id and spent_at is null and tries < :most;

-- name: spend_code!
update sign_in_codes set spent_at = :at, value = null where id = :id and spent_at is null;

-- name: spend_codes_of_user!
update sign_in_codes set spent_at = :at, value = null where user_id = :user_id and spent_at is null;

-- name: sweep_codes!
delete from sign_in_codes where expires_at <= :at;

-- name: add_sign_in_link!
insert into sign_in_links (id, user_id, hash, expires_at) values (:id, :user_id, :hash, :expires_at);

-- name: link_that_counts^
select l.id, l.user_id from sign_in_links l join users u on u.id = l.user_id
where l.hash = :hash and l.expires_at > :at and u.left_at is null;

-- name: spend_sign_in_link!
delete from sign_in_links where id = :id;

-- name: forget_sign_in_links!
delete from sign_in_links where user_id = :user_id or expires_at <= :at;

-- name: lock_sign_in
select 1 as locked;

-- name: sign_in_tries_of^
select count(*) as tries, min(at) as oldest from sign_in_tries where subject = :subject and at > :since;

-- name: add_sign_in_try!
insert into sign_in_tries (id, subject, at) values (:id, :subject, :at);

-- name: give_back_sign_in_try!
delete from sign_in_tries where id = :id;

-- name: sweep_sign_in_tries!
delete from sign_in_tries where at <= :before;

-- name: add_passkey!
insert into passkeys (id, user_id, credential, public_key, counter, made_at)
values (:id, :user_id, :credential, :public_key, :counter, :at);

-- name: passkey_by_credential^
select k.* from passkeys k join users u on u.id = k.user_id where k.credential = :credential and u.left_at is null;

-- name: passkeys_of_user
select * from passkeys where user_id = :user_id order by made_at, id;

-- name: use_passkey!
update passkeys set counter = :counter, used_on = :on where id = :id;

-- name: forget_passkey!
delete from passkeys where id = :id and user_id = :user_id;

-- name: forget_passkeys!
delete from passkeys where user_id = :user_id;

-- name: add_challenge!
insert into passkey_challenges (hash, user_id, expires_at) values (:hash, :user_id, :expires_at);

-- name: challenge_that_counts^
select user_id from passkey_challenges where hash = :hash and expires_at > :at;

-- name: spend_challenge!
delete from passkey_challenges where hash = :hash;

-- name: sweep_challenges!
delete from passkey_challenges where expires_at <= :at;

-- name: put_pin!
insert into pins (user_id, device, hash) values (:user_id, :device, :hash)
on conflict (user_id, device) do update set hash = excluded.hash, tries = 0;

-- name: pin_of^
select p.hash, p.tries from pins p join users u on u.id = p.user_id
where p.user_id = :user_id and p.device = :device and u.left_at is null;

-- name: pins_on_device
select p.user_id from pins p join users u on u.id = p.user_id
where p.device = :device and u.left_at is null order by p.user_id;

-- name: count_pin_try!
update pins set tries = tries + 1 where user_id = :user_id and device = :device and tries < :most;

-- name: right_pin!
update pins set tries = 0 where user_id = :user_id and device = :device;

-- name: forget_pin!
delete from pins where user_id = :user_id and device = :device;

-- name: forget_pins!
delete from pins where user_id = :user_id;
