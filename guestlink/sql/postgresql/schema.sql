-- name: has_schema^
select count(*) as tables from information_schema.tables
where table_name = 'schema_versions' and table_schema = current_schema();

-- name: lock_schema
select pg_advisory_xact_lock(7265001);
