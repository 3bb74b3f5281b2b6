-- the detected event that each story is evidence of, the earliest evidence first
select s.story_id, min(s.event_id) as event_id
from core.event_source as s
inner join core.event as e on s.event_id = e.event_id
where e.origin = 'detected' and s.story_id is not null and s.role not in ('reaction', 'announced', 'correction')
group by s.story_id
order by s.story_id
