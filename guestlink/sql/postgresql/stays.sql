-- name: periods_of_stays
select p.stay_id, p.unit_id, p.from_on, p.until_on, u.slug as unit, u.title as title
from stay_periods p left join units u on u.id = p.unit_id
where p.stay_id in (select jsonb_array_elements_text(cast(:stays as jsonb))) order by p.stay_id, p.from_on;
