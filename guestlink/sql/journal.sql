-- name: lock_journal
select 1 as locked;

-- name: journal_head^
select position, digest from journal order by position desc limit 1;

-- name: stream_version^
select max(version) as version from journal where stream = :stream;

-- name: append_event!
insert into journal (stream, version, kind, property_id, by_user, at, body, digest)
values (:stream, :version, :kind, :property_id, :by_user, :at, :body, :digest);

-- name: events_of_stream
select * from journal where stream = :stream order by version;

-- name: events_since
select * from journal where position > :position order by position limit :most;
