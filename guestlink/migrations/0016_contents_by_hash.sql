-- Whether a house's texts are known is asked at each publish, without reading over their hundred pages.
create index contents_by_hash on catalogue (property_id, kind, content_hash) where kind = 'content';
