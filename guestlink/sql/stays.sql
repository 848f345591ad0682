-- name: add_stay!
insert into stays (id, property_id, source, source_uid, reference, code, party_id, status, language, adults, children,
  pets, expected_arrival, amount, check_in, check_out, imported, from_on, until_on, made_at)
values (:id, :property_id, :source, :source_uid, :reference, :code, :party_id, :status, :language, :adults, :children,
  :pets, :expected_arrival, :amount, :check_in, :check_out, :imported, :from_on, :until_on, :made_at);

-- name: change_stay!
update stays set reference = :reference, party_id = :party_id, status = :status, language = :language,
  adults = :adults, children = :children, pets = :pets, expected_arrival = :expected_arrival, amount = :amount,
  check_in = :check_in, check_out = :check_out, ready_at = :ready_at, imported = :imported,
  from_on = :from_on, until_on = :until_on, version = version + 1
where id = :id and version = :version;

-- name: remember_import!
update stays set imported = :imported where id = :id;

-- name: stay_by_id^
select * from stays where id = :id;

-- name: stay_by_uid^
select * from stays where property_id = :property_id and source = :source and source_uid = :source_uid;

-- name: import_of_uid^
select id, status, imported from stays
where property_id = :property_id and source = :source and source_uid = :source_uid;

-- name: stays_by_reference
select * from stays where property_id = :property_id and source = :source and reference = :reference order by id;

-- name: stays_named
select * from stays where id = :name or reference = :name or code = upper(:name) order by from_on desc, id;

-- name: stays_of_property
select * from stays where property_id = :property_id order by from_on, id;

-- name: stays_by_house
select property_id, count(*) as stays from stays where until_on >= :ended_since group by property_id;

-- name: stays_to_publish
select * from stays
where property_id = :property_id and until_on >= :ended_since
order by id;

-- name: stays_of_source
select s.* from stays s
where s.property_id = :property_id and s.source = :source and s.until_on > :today
  and s.status in ('confirmed', 'proposed_cancelled')
order by s.from_on, s.id;

-- name: stay_counts
select status, count(*) as stays from stays where property_id = :property_id group by status order by status;

-- name: unassigned_stays
select s.reference, s.id, p.from_on from stays s join stay_periods p on p.stay_id = s.id
where s.property_id = :property_id and p.unit_id is null and p.until_on >= :today
  and s.status in ('confirmed', 'proposed_cancelled')
order by p.from_on, s.id;

-- name: stays_with_status
select * from stays where property_id = :property_id and status = :status and until_on >= :today order by from_on, id;

-- name: add_period!
insert into stay_periods (id, stay_id, unit_id, from_on, until_on)
values (:id, :stay_id, :unit_id, :from_on, :until_on);

-- name: forget_periods!
delete from stay_periods where stay_id = :stay_id;

-- name: periods_of_stay
select p.unit_id, p.from_on, p.until_on, u.slug as unit, u.title as title
from stay_periods p left join units u on u.id = p.unit_id
where p.stay_id = :stay_id order by p.from_on;

-- name: periods_of_stays
select p.stay_id, p.unit_id, p.from_on, p.until_on, u.slug as unit, u.title as title
from stay_periods p left join units u on u.id = p.unit_id
where p.stay_id in (select value from json_each(:stays)) order by p.stay_id, p.from_on;

-- name: periods_to_publish
select p.stay_id, p.unit_id, p.from_on, p.until_on, u.slug as unit, u.title as title
from stay_periods p join stays s on s.id = p.stay_id left join units u on u.id = p.unit_id
where s.property_id = :property_id and s.until_on >= :ended_since
order by p.stay_id, p.from_on;

-- name: overlapping_stay^
select s.id, s.reference, p.from_on, p.until_on from stay_periods p join stays s on s.id = p.stay_id
where p.unit_id = :unit_id and p.from_on < :until_on and p.until_on > :from_on and s.id <> :stay_id
  and s.status in ('confirmed', 'proposed_cancelled')
order by p.from_on limit 1;

-- name: overlapping_stays
select s.id, s.reference, s.source, p.from_on, p.until_on from stay_periods p join stays s on s.id = p.stay_id
where p.unit_id = :unit_id and p.from_on < :until_on and p.until_on > :from_on and s.id <> :stay_id
  and s.status in ('confirmed', 'proposed_cancelled')
order by p.from_on, s.id;

-- name: code_taken^
select 1 as taken from stays where code = :code;

-- name: add_party!
insert into parties (id, property_id, reference) values (:id, :property_id, :reference)
on conflict (property_id, reference) do nothing;

-- name: party_by_reference^
select * from parties where property_id = :property_id and reference = :reference;

-- name: party_by_id^
select * from parties where id = :id;

-- name: stay_by_code^
select * from stays where code = :code;

-- name: arrivals_on
select * from stays
where property_id = :property_id and from_on = :arrives_on and status in ('confirmed', 'proposed_cancelled')
order by id;
