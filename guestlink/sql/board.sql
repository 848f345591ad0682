-- name: requests_in_reach
select r.id from requests r
join reach a on a.property_id = r.property_id and a.caller = :caller
join properties p on p.id = r.property_id
where (:property = '' or p.slug = :property) and (:state = '' or r.state = :state)
  and (:stay_id = '' or r.stay_id = :stay_id) and (:before = '' or r.id < :before)
order by r.id desc limit :most;

-- name: request_in_reach^
select r.id from requests r join reach a on a.property_id = r.property_id and a.caller = :caller where r.id = :id;

-- name: stays_in_reach
with page as (
  select s.id from reach a cross join properties p cross join stays s
  where a.caller = :caller and p.id = a.property_id and s.property_id = p.id and (:property = '' or p.slug = :property)
    and s.until_on >= :ends_from and s.from_on >= :after_on and s.from_on <= :begins_until
    and (s.from_on > :after_on or s.id > :after_id)
  order by s.from_on, s.id limit :most)
select s.* from page cross join stays s where s.id = page.id order by s.from_on, s.id;

-- name: named_stays_in_reach
with named as (
  select id from stays where id = :named or reference = :named or code = upper(:named)
  union select n.stay_id from units u join stay_periods n on n.unit_id = u.id where u.slug = :named)
select s.* from named cross join stays s
join reach a on a.property_id = s.property_id and a.caller = :caller
join properties p on p.id = s.property_id
where s.id = named.id and (:property = '' or p.slug = :property)
  and s.until_on >= :ends_from and s.from_on >= :after_on and s.from_on <= :begins_until
  and (s.from_on > :after_on or s.id > :after_id)
order by s.from_on, s.id limit :most;

-- name: stay_in_reach^
select s.* from stays s join reach a on a.property_id = s.property_id and a.caller = :caller where s.id = :id;

-- name: contact_in_reach^
select c.*, k.wrapped from contacts c
join reach a on a.property_id = c.property_id and a.caller = :caller
join guest_keys k on k.contact_id = c.id
where c.id = :id;

-- name: services_in_reach
select p.slug as property, c.language, c.body from catalogue c
join reach a on a.property_id = c.property_id and a.caller = :caller
join properties p on p.id = c.property_id
where c.kind = 'service' and (:property = '' or p.slug = :property) and (:language = '' or c.language = :language)
order by p.slug, c.key, c.language;
