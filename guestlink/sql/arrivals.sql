-- name: tell_arrival!
insert into arrivals (stay_id, contact_id, adults, children, note, word, told_at)
values (:stay_id, :contact_id, :adults, :children, :note, :word, :told_at)
on conflict (stay_id) do update set contact_id = excluded.contact_id, adults = excluded.adults,
  children = excluded.children, note = excluded.note, word = excluded.word, told_at = excluded.told_at,
  version = arrivals.version + 1;

-- name: arrival_of_stay^
select a.*, k.wrapped from arrivals a join guest_keys k on k.contact_id = a.contact_id where a.stay_id = :stay_id;

-- name: arrivals_to_publish
select a.*, k.wrapped from arrivals a
join stays s on s.id = a.stay_id join guest_keys k on k.contact_id = a.contact_id
where s.property_id = :property_id and s.until_on >= :ended_since
order by a.stay_id;

-- name: give_rating!
insert into ratings (stay_id, contact_id, stars, words, told_at)
values (:stay_id, :contact_id, :stars, :words, :told_at)
on conflict (stay_id) do update set contact_id = excluded.contact_id, stars = excluded.stars,
  words = excluded.words, told_at = excluded.told_at, version = ratings.version + 1;

-- name: rating_of_stay^
select r.*, k.wrapped from ratings r join guest_keys k on k.contact_id = r.contact_id where r.stay_id = :stay_id;

-- name: ratings_of_property
select r.*, k.wrapped from ratings r
join stays s on s.id = r.stay_id join guest_keys k on k.contact_id = r.contact_id
where s.property_id = :property_id order by r.told_at desc, r.stay_id;
