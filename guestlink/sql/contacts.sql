-- name: add_contact!
insert into contacts (id, property_id, name, phone, wa_id, bsuid, email, opted_in_at, opted_in_how, opted_in_words,
  made_at)
values (:id, :property_id, :name, :phone, :wa_id, :bsuid, :email, :opted_in_at, :opted_in_how, :opted_in_words,
  :made_at);

-- name: change_contact!
update contacts set name = :name, phone = :phone, wa_id = :wa_id, bsuid = :bsuid, email = :email,
  version = version + 1
where id = :id;

-- name: opt_in_contact!
update contacts set opted_in_at = :opted_in_at, opted_in_how = :opted_in_how, opted_in_words = :opted_in_words
where id = :id;

-- name: contact_by_id^
select c.*, k.wrapped from contacts c join guest_keys k on k.contact_id = c.id where c.id = :id;

-- name: add_guest_key!
insert into guest_keys (contact_id, wrapped) values (:contact_id, :wrapped);

-- name: forget_tokens!
delete from contact_tokens where contact_id = :contact_id;

-- name: add_token*!
insert into contact_tokens (contact_id, property_id, kind, token)
values (:contact_id, :property_id, :kind, :token)
on conflict do nothing;

-- name: contacts_by_token
select c.*, k.wrapped from contact_tokens t
join contacts c on c.id = t.contact_id
join guest_keys k on k.contact_id = c.id
where t.property_id = :property_id and t.kind = :kind and t.token = :token
order by c.id;

-- name: contacts_anywhere
select c.*, k.wrapped from contact_tokens t
join contacts c on c.id = t.contact_id
join guest_keys k on k.contact_id = c.id
where t.kind = :kind and t.token = :token
order by c.id;

-- name: join_stay!
insert into stay_contacts (stay_id, contact_id, role) values (:stay_id, :contact_id, :role)
on conflict (stay_id, contact_id) do update set role = excluded.role;

-- name: leave_stay!
delete from stay_contacts where stay_id = :stay_id and contact_id = :contact_id and role = :role;

-- name: contacts_of_stay
select c.*, k.wrapped, j.role from stay_contacts j
join contacts c on c.id = j.contact_id
join guest_keys k on k.contact_id = c.id
where j.stay_id = :stay_id order by j.role, c.id;

-- name: guests_of_stays
select j.stay_id, c.id, j.role, c.name, k.wrapped from stay_contacts j
join contacts c on c.id = j.contact_id
join guest_keys k on k.contact_id = c.id
where j.stay_id in (select value from json_each(:stays)) order by j.stay_id, j.role, c.id;

-- name: stays_of_contact
select stay_id from stay_contacts where contact_id = :contact_id order by stay_id;

-- name: try_addresses_again!
update conversations set unreachable_at = null where contact_id = :contact_id and unreachable_at is not null;
