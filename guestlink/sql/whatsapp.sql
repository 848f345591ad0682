-- name: event_received^
select received_at from inbox where event_key = :event_key;
