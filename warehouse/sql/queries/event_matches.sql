-- ids of the events that have this id, else of those whose id or title contains the lower-case text
select event_id
from core.event
where lower(event_id) = $part
   or (
        not exists (select 1 from core.event where lower(event_id) = $part)
        and (contains(lower(event_id), $part) or contains(lower(title), $part))
   )
order by event_id
