-- name: add_secret!
insert into secrets (id, property_id, unit_id, stay_id, name, value, rule, hours, valid_from, valid_until, set_by, set_at)
values (:id, :property_id, :unit_id, :stay_id, :name, :value, :rule, :hours, :valid_from, :valid_until, :set_by, :set_at);

-- name: end_secret!
update secrets set valid_until = :valid_until, version = version + 1 where id = :id;

-- name: secrets_of_property
select * from secrets where property_id = :property_id order by name, valid_from, id;

-- name: secrets_of_stay_to_publish
select * from secrets
where property_id = :property_id and (stay_id is null or stay_id = :stay_id)
order by name, valid_from, id;

-- name: secrets_for_stays
select * from secrets
where property_id = :property_id and (valid_until is null or valid_until > :at)
  and (stay_id is null or stay_id in (select value from json_each(:stays)))
order by name, valid_from, id;

-- name: secrets_of_scope
select * from secrets
where property_id = :property_id and name = :name
  and coalesce(unit_id, '') = :unit_id and coalesce(stay_id, '') = :stay_id
  and (valid_until is null or valid_until > :at)
order by valid_from, id;
