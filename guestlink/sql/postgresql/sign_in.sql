-- name: lock_sign_in
select pg_advisory_xact_lock(7265011);
