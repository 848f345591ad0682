-- name: live_pages
-- Were it sorted by the bare column, SQLite would walk through all houses of the target in that order.
select * from pages where target = :target and property_id = :property_id and state <> 'gone' order by path || '';

-- name: live_pages_of_stay
select * from pages
where target = :target and property_id = :property_id and stay_id = :stay_id and state <> 'gone' order by path || '';

-- name: live_assets
select * from pages
where target = :target and property_id = :property_id and kind = 'asset' and state <> 'gone' order by path || '';

-- name: all_live_pages
select * from pages where target = :target and state <> 'gone' order by path;

-- name: page_counts
select kind, state, count(*) as pages from pages
where target = :target and property_id = :property_id and state <> 'gone' group by kind, state order by kind, state;

-- name: page_counts_of_target
select property_id, kind, state, count(*) as pages from pages
where target = :target and state <> 'gone' group by property_id, kind, state order by property_id, kind, state;

-- name: unfinished_pages^
select count(*) as pages from pages where target = :target and property_id = :property_id and state = 'planned';

-- name: plan_page*!
insert into pages (target, path, property_id, stay_id, kind, source_hash, body_hash, parts, why, state, changed_at)
values (:target, :path, :property_id, :stay_id, :kind, :source_hash, '', :parts, :why, 'planned', :changed_at)
on conflict (target, path) do update set state = 'planned', why = excluded.why, changed_at = excluded.changed_at;

-- name: page_live*!
update pages set property_id = :property_id, stay_id = :stay_id, kind = :kind, source_hash = :source_hash,
  body_hash = :body_hash, etag = :etag, parts = :parts, why = :why, state = 'live', changed_at = :changed_at
where target = :target and path = :path;

-- name: plan_delete*!
update pages set state = 'planned', source_hash = '', why = :why, changed_at = :changed_at
where target = :target and path = :path;

-- name: page_gone*!
delete from pages where target = :target and path = :path;

-- name: page_leaving*!
update pages set source_hash = '', why = :why, changed_at = :changed_at where target = :target and path = :path;

-- name: doubt_page*!
update pages set state = 'planned', source_hash = '', why = :why where target = :target and path = :path;

-- name: pages_signed_with^
select count(*) as pages from pages where kind in ('gate', 'welcome') and state <> 'gone' and parts like :pattern;

-- name: make_publication!
insert into publications (property_id, target) values (:property_id, :target) on conflict do nothing;

-- name: publication^
select * from publications where property_id = :property_id and target = :target;

-- name: take_lease^
update publications set fence = fence + 1, holder = :holder, leased_until = :leased_until
where property_id = :property_id and target = :target
  and (leased_until <= :at or holder = '' or cast(:locked as text) = 'yes')
returning fence;

-- name: renew_lease!
update publications set leased_until = :leased_until
where property_id = :property_id and target = :target and fence = :fence and holder = :holder;

-- name: release_lease!
update publications set holder = '', leased_until = ''
where property_id = :property_id and target = :target and fence = :fence and holder = :holder;

-- name: record_publication!
update publications set content_hash = :content_hash, changes = :changes, fingerprint = :fingerprint,
  next_boundary = :next_boundary, files = :files, report = :report, published_at = :published_at
where property_id = :property_id and target = :target and fence = :fence;

-- name: doubt_publications!
update publications set fingerprint = '' where target = :target;

-- name: add_invalidation!
insert into invalidations (id, target, property_id, paths, why, state, asked_at)
values (:id, :target, :property_id, :paths, :why, 'planned', :asked_at);

-- name: ask_planned_invalidations!
update invalidations set state = 'asked'
where target = :target and property_id = :property_id and state = 'planned';

-- name: asked_invalidations
select * from invalidations where target = :target and state = 'asked' order by asked_at, id;

-- name: invalidation_sent!
update invalidations set state = 'sent', sent_at = :sent_at where id = :id;

-- name: some_open_gate^
select path from pages
where target = :target and kind = 'gate' and state = 'live' and parts like :pattern order by path limit 1;

-- name: publications_of_target
select * from publications where target = :target order by property_id;
