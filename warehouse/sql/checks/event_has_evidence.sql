-- every event says why it is one, and every live event that no person entered has evidence
select e.event_id, e.origin, e.status, e.reason
from core.event as e
left join core.event_source as s on e.event_id = s.event_id
where e.reason = ''
   or (s.event_id is null and e.status <> 'rejected' and e.origin <> 'user')
