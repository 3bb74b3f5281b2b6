-- every headline of the stories that AI policy is about
select
    e.entry_id, e.title, e.url, e.outlet, e.outlet_kind, e.published_at_utc, e.first_seen_at_utc, e.time_basis, s.story_id
from core.entry as e
inner join core.story_entry as s on e.entry_id = s.entry_id
inner join core.story as t on s.story_id = t.story_id
where t.is_relevant
order by e.entry_id
