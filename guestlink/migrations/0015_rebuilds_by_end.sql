-- What ended long ago is forgotten at the end of each rebuild: without reading all that ended lately.
create index rebuilds_by_end on rebuilds (finished_at);
