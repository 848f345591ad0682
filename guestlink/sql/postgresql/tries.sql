-- name: lock_tries
select pg_advisory_xact_lock(7265005);
