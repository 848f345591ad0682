-- name: inbox_standing^
select count(*) as waiting, min(received_at) as oldest from inbox where state = 'waiting';

-- name: outbox_standing
select state, count(*) as messages from outbox group by state order by state;

-- name: rebuild_standing^
select count(*) as waiting from rebuilds where state in ('waiting', 'claimed') and due_at <= :at;

-- name: alert_standing
select kind, count(*) as alerts from alerts where ended_at is null group by kind order by kind;

-- name: request_standing
select state, count(*) as requests from requests where state in ('requested', 'accepted') group by state
order by state;

-- name: answers^
select 1 as answers;
