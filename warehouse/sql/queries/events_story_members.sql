-- every headline of the given stories
select
    e.entry_id, e.title, e.url, e.outlet, e.outlet_kind, e.published_at_utc, e.first_seen_at_utc, e.time_basis, s.story_id
from core.entry as e
inner join core.story_entry as s on e.entry_id = s.entry_id
where s.story_id in (select unnest($story_ids))
order by e.entry_id
