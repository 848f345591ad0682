-- name: moves_head^
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as position;

-- name: moves_since
select id, kind, subject from board_moves where position >= :position order by id limit :most;

-- name: moves_kept^
select coalesce(min(id), 1) as first_id, coalesce(min(position), 1) as first_position from board_moves;

-- name: openings_of_stays
select stay_id, max(opened_on) as opened_page, max(codes_seen_on) as codes_seen from links
where replaced_at is null and stay_id in (select jsonb_array_elements_text(cast(:stays as jsonb)))
group by stay_id;
