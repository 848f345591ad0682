-- name: messages_on_paper
select contact_id from journey
where stay_id = :stay_id and channel = 'print' and state in ('planned', 'sent')
group by contact_id order by contact_id;
