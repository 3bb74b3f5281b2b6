-- every piece of evidence belongs to an event
select s.event_id, s.source_number, s.outlet
from core.event_source as s
left join core.event as e on s.event_id = e.event_id
where e.event_id is null
