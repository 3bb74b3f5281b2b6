-- headlines that belong to no story yet
select
    e.entry_id, e.title, e.url, e.outlet, e.outlet_kind, e.published_at_utc,
        e.published_earliest_at_utc, e.first_seen_at_utc, e.time_basis
from core.entry as e
anti join core.story_entry as s on e.entry_id = s.entry_id
order by e.entry_id
