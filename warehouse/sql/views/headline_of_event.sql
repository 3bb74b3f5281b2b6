-- each source of each event with both clocks: what the publisher claims, and when it was first seen
create or replace view out.headline_of_event as
select
    s.event_id,
    s.source_number,
    e.title as event_title,
    e.best_at_utc at time zone 'UTC' as event_at_utc,
    s.role,
    s.outlet,
    n.outlet_kind,
    s.title as headline,
    s.url,
    s.published_at_utc at time zone 'UTC' as published_at_utc,
    s.first_seen_at_utc at time zone 'UTC' as first_seen_at_utc,
    epoch(s.first_seen_at_utc - s.published_at_utc) / 3600 as seen_after_hours,
    s.time_basis,
    s.entry_id,
    s.story_id
from core.event_source as s
join core.event as e on s.event_id = e.event_id
left join core.entry as n on s.entry_id = n.entry_id
