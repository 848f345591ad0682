-- Pages of stays by arrival: the index alone says who is still there, in which order, and where a page begins.

create index stays_in_order on stays (property_id, from_on, id, until_on);
drop index stays_by_beginning;
