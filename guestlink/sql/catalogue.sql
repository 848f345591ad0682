-- name: forget_catalogue!
delete from catalogue where property_id = :property_id;

-- name: add_catalogue_row*!
insert into catalogue (property_id, language, kind, key, body, content_hash)
values (:property_id, :language, :kind, :key, :body, :content_hash);

-- name: catalogue_of_property
select * from catalogue where property_id = :property_id order by language, kind, key;

-- name: catalogue_entry^
select * from catalogue
where property_id = :property_id and language = :language and kind = :kind and key = :key;

-- name: catalogue_entry_of_houses
select c.property_id, c.body from properties p
join catalogue c on c.property_id = p.id and c.language = '' and c.kind = :kind and c.key = '';

-- name: catalogue_hash^
select content_hash from catalogue where property_id = :property_id and kind = 'content';

-- name: content_hashes
select c.property_id, c.content_hash from properties p
join catalogue c on c.property_id = p.id and c.kind = 'content';

-- name: catalogue_of_kind
select * from catalogue where property_id = :property_id and kind = :kind order by key, language;

-- name: catalogue_of_key
select * from catalogue where property_id = :property_id and kind = :kind and key = :key order by language;
