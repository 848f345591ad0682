-- name: put_message!
insert into outbox (id, conversation_id, not_before, expires_at, asked_at)
values (:id, :conversation_id, :not_before, :expires_at, :asked_at);
