-- name: lock_journal
select pg_advisory_xact_lock(7265002);
