-- headlines that already belong to a story and were known on one of the given days
select
    e.entry_id, e.title, e.url, e.outlet, e.outlet_kind, e.published_at_utc, e.first_seen_at_utc, e.time_basis, s.story_id
from core.entry as e
inner join core.story_entry as s on e.entry_id = s.entry_id
where cast(
    case when e.time_basis = 'date_only' then e.first_seen_at_utc else coalesce(e.published_at_utc, e.first_seen_at_utc) end
    as date
) in (select unnest($days))
order by e.entry_id
