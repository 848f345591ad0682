-- name: make_schema_table!
create table if not exists schema_versions (version bigint primary key);

-- name: has_schema^
select count(*) as tables from sqlite_master where name = 'schema_versions';

-- name: lock_schema
select 1 as locked;

-- name: schema_version^
select max(version) as version from schema_versions;

-- name: record_migration!
insert into schema_versions (version) values (:version);
