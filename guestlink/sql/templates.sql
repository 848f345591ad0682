-- name: message_templates
select name, language, meta_id, category, state, reason, body_hash, changed_at
from message_templates order by name, language;

-- name: message_template^
select name, language, meta_id, category, state, reason, body_hash, changed_at
from message_templates where name = :name and language = :language;

-- name: begin_template!
insert into message_templates (name, language, category, state, body_hash, changed_at)
values (:name, :language, :category, 'PENDING', '', :at)
on conflict (name, language) do update
set state = 'PENDING', reason = '', body_hash = '', changed_at = excluded.changed_at;

-- name: keep_template!
update message_templates
set meta_id = :meta_id, category = :category, body_hash = :body_hash, changed_at = :at
where name = :name and language = :language;

-- name: set_template_state!
update message_templates
set state = :state, reason = :reason, changed_at = :at,
    meta_id = case when :meta_id = '' then meta_id else :meta_id end
where name = :name and language = :language;

-- name: adopt_template!
insert into message_templates (name, language, meta_id, category, state, reason, body_hash, changed_at)
values (:name, :language, :meta_id, :category, :state, :reason, '', :at);

-- name: drop_template!
delete from message_templates where name = :name and language = :language;

-- name: languages_in_use
select default_language as language from properties
union select language from users where language <> ''
union select language from stays where language <> '';

-- name: templates_in_review
select name, language from message_templates where state = 'PENDING' limit 1;
