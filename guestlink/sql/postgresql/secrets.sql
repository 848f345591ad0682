-- name: secrets_for_stays
select * from secrets
where property_id = :property_id and (valid_until is null or valid_until > :at)
  and (stay_id is null or stay_id in (select jsonb_array_elements_text(cast(:stays as jsonb))))
order by name, valid_from, id;
