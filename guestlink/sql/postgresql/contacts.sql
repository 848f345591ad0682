-- name: guests_of_stays
select j.stay_id, c.id, j.role, c.name, k.wrapped from stay_contacts j
join contacts c on c.id = j.contact_id
join guest_keys k on k.contact_id = c.id
where j.stay_id in (select jsonb_array_elements_text(cast(:stays as jsonb))) order by j.stay_id, j.role, c.id;
