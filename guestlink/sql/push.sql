-- name: add_push_subscription!
insert into push_subscriptions (id, session_id, user_id, endpoint_token, browser, made_at)
values (:id, :session_id, :user_id, :endpoint_token, :browser, :at);

-- name: push_subscription_of_session^
select id, endpoint_token from push_subscriptions where session_id = :session_id;

-- name: push_subscriptions_of_user
select p.id, p.session_id from push_subscriptions p join sessions s on s.id = p.session_id join users u on u.id = p.user_id
where p.user_id = :user_id and s.ended_at is null and s.expires_at > :at and u.left_at is null order by p.made_at, p.id;

-- name: forget_push_subscription!
delete from push_subscriptions where id = :id;

-- name: forget_push_subscription_of!
delete from push_subscriptions where session_id = :session_id or endpoint_token = :endpoint_token;

-- name: forget_surplus_push_subscriptions!
delete from push_subscriptions where user_id = :user_id and id not in (
  select id from push_subscriptions where user_id = :user_id order by made_at desc, id desc limit :most
);

-- name: forget_lost_push_subscriptions!
delete from push_subscriptions
where session_id in (select id from sessions where ended_at is not null or expires_at <= :at);

-- name: add_push!
insert into pushes (id, subscription_id, kind, subject, urgent, again, due_at, expires_at, made_at)
values (:id, :subscription_id, :kind, :subject, :urgent, :again, :at, :expires_at, :at);

-- name: pushed_lately^
select 1 as pushed from pushes where subscription_id = :subscription_id and subject = :subject and made_at >= :since limit 1;

-- name: pushes_need^
select exists (select 1 from pushes where state = 'waiting' and (due_at <= :at or expires_at <= :at)) as due;

-- name: due_pushes
select p.*, b.browser, u.language from pushes p
join push_subscriptions b on b.id = p.subscription_id
join sessions s on s.id = b.session_id
join users u on u.id = b.user_id
where p.state = 'waiting' and p.due_at <= :at and p.expires_at > :at
  and s.ended_at is null and s.expires_at > :at and u.left_at is null
order by p.urgent desc, p.due_at, p.id limit :most;

-- name: claim_push!
update pushes set attempts = attempts + 1, due_at = :until
where id = :id and attempts = :attempts and state = 'waiting';

-- name: end_push!
update pushes set state = :state, ended_at = :at where id = :id and attempts = :attempts and state = 'waiting';

-- name: delay_push!
update pushes set due_at = :due_at where id = :id and attempts = :attempts and state = 'waiting';

-- name: expire_pushes!
update pushes set state = 'late', ended_at = :at where state = 'waiting' and expires_at <= :at;

-- name: purge_pushes!
delete from pushes where ended_at <= :before;

-- name: push_standing
select state, count(*) as pushes from pushes group by state order by state;

-- name: push_browsers^
select count(*) as browsers from push_subscriptions;
