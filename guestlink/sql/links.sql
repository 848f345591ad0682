-- name: add_link!
insert into links (id, stay_id, contact_id, slug, generation, page_key, guide_token, made_at)
values (:id, :stay_id, :contact_id, :slug, :generation, :page_key, :guide_token, :made_at);

-- name: replace_link!
update links set replaced_at = :replaced_at where id = :id and replaced_at is null;

-- name: links_of_stay
select l.*, c.version as contact_version from links l join contacts c on c.id = l.contact_id
where l.stay_id = :stay_id order by l.generation, l.id;

-- name: links_to_publish
select l.*, c.version as contact_version, c.name, k.wrapped,
  exists (select 1 from stay_contacts j join stays e on e.id = j.stay_id
    where j.contact_id = l.contact_id and e.from_on < s.from_on and e.status = 'confirmed') as returning_guest
from links l join stays s on s.id = l.stay_id
join contacts c on c.id = l.contact_id join guest_keys k on k.contact_id = l.contact_id
where s.property_id = :property_id and s.until_on >= :ended_since
order by l.stay_id, l.generation, l.id;

-- name: links_of_stay_to_publish
select l.*, c.version as contact_version, c.name, k.wrapped,
  exists (select 1 from stay_contacts j join stays e on e.id = j.stay_id
    where j.contact_id = l.contact_id and e.from_on < s.from_on and e.status = 'confirmed') as returning_guest
from links l join stays s on s.id = l.stay_id
join contacts c on c.id = l.contact_id join guest_keys k on k.contact_id = l.contact_id
where l.stay_id = :stay_id order by l.generation, l.id;
