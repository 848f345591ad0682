-- name: add_api_token!
insert into api_tokens (id, name, role, property_id, user_id, hash, made_at, expires_at)
values (:id, :name, :role, :property_id, :user_id, :hash, :made_at, :expires_at);

-- name: api_token_by_hash^
select * from api_tokens where hash = :hash and revoked_at is null;

-- name: api_tokens
select t.*, p.slug as house from api_tokens t left join properties p on p.id = t.property_id
order by t.made_at, t.id;

-- name: api_tokens_named
select * from api_tokens
where revoked_at is null and (name = :name or id like :pattern)
order by id limit 10;

-- name: revoke_api_token!
update api_tokens set revoked_at = :at where id = :id and revoked_at is null;

-- name: mark_api_token_used!
update api_tokens set used_on = :used_on where id = :id and (used_on is null or used_on < :used_on);

-- name: houses_in_reach
select p.* from properties p join reach r on r.property_id = p.id where r.caller = :caller order by p.slug;
