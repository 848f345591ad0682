-- name: lock_stay
select id from stays where id = :id;

-- name: link_by_id^
select l.*, c.version as contact_version from links l join contacts c on c.id = l.contact_id where l.id = :id;

-- name: mark_opened!
update links set opened_on = :opened_on, codes_seen_on = coalesce(:codes_seen_on, codes_seen_on) where id = :id;

-- name: add_request!
insert into requests (id, property_id, stay_id, contact_id, unit_id, service, title, secret, language, state, urgent,
  price, per, currency, words, asked_key, asked_body, asked_at, changed_at, version)
values (:id, :property_id, :stay_id, :contact_id, :unit_id, :service, :title, :secret, :language, :state, :urgent,
  :price, :per, :currency, :words, :asked_key, :asked_body, :asked_at, :changed_at, :version);

-- name: move_request!
update requests set state = :state, reply = :reply, assigned_to = :assigned_to, changed_at = :changed_at,
  version = :version
where id = :id;

-- name: request_by_id^
select r.*, k.wrapped from requests r left join guest_keys k on k.contact_id = r.contact_id where r.id = :id;

-- name: request_by_key^
select r.*, k.wrapped from requests r left join guest_keys k on k.contact_id = r.contact_id
where r.stay_id = :stay_id and r.asked_key = :asked_key;

-- name: requests_of_stay
select r.*, k.wrapped from requests r left join guest_keys k on k.contact_id = r.contact_id
where r.stay_id = :stay_id order by r.asked_at desc, r.id desc;

-- name: requests_of_property
select r.*, k.wrapped from requests r left join guest_keys k on k.contact_id = r.contact_id
where r.property_id = :property_id and (r.state in ('requested', 'accepted') or r.changed_at >= :since)
order by r.urgent desc, r.asked_at, r.id;

-- name: requests_named
select id from requests where id = :name or id like :pattern order by id limit 10;

-- name: request_counts^
select count(case when state = 'requested' then 1 end) as waiting,
  count(case when asked_at > :day_ago then 1 end) as of_day,
  count(case when asked_at > :minute_ago then 1 end) as of_minute
from requests
where stay_id = :stay_id and case when secret = '' then 0 else 1 end = :alarm;

-- name: catalogue_of_service
select * from catalogue where property_id = :property_id and kind = 'service' and key = :key order by language;

-- name: secret_names
select distinct name from secrets where property_id = :property_id;

-- name: stays_arriving
select s.reference, case when p.from_on = s.from_on then s.check_in else '' end as check_in
from stay_periods p join stays s on s.id = p.stay_id
where p.unit_id = :unit_id and p.from_on = :on and s.id <> :stay_id
  and s.status in ('confirmed', 'proposed_cancelled')
order by s.id;

-- name: stays_leaving
select s.reference, case when p.until_on = s.until_on then s.check_out else '' end as check_out
from stay_periods p join stays s on s.id = p.stay_id
where p.unit_id = :unit_id and p.until_on = :on and s.id <> :stay_id
  and s.status in ('confirmed', 'proposed_cancelled')
order by s.id;

-- name: arrivals_told
select a.*, k.wrapped from arrivals a
join stays s on s.id = a.stay_id join guest_keys k on k.contact_id = a.contact_id
where s.property_id = :property_id and s.from_on >= :from_on and s.from_on <= :until_on
  and s.status in ('confirmed', 'proposed_cancelled')
order by s.from_on, s.expected_arrival, s.id;

-- name: user_by_id^
select * from users where id = :id;
