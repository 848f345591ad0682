-- name: lock_schema
select pg_advisory_xact_lock(7265001);
