-- name: moves_head^
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as position;

-- name: moves_since
select id, kind, subject from board_moves where position >= :position order by id limit :most;

-- name: moves_kept^
select coalesce(min(id), 1) as first_id, coalesce(min(position), 1) as first_position from board_moves;
