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

-- name: catalogue_hash^
select content_hash from catalogue
where property_id = :property_id and language = :language and kind = :kind and key = :key;

-- name: catalogue_of_kind
select * from catalogue where property_id = :property_id and kind = :kind order by key, language;

-- name: catalogue_of_key
select * from catalogue where property_id = :property_id and kind = :kind and key = :key order by language;
