-- name: link_of_guide^
select id from links where guide_token = :guide_token and replaced_at is null order by made_at desc, id desc limit 1;
