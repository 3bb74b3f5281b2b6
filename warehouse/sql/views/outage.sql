-- each incident of a status page with its length, and the reason where the length is not known
create or replace view out.outage as
select
    i.incident_id,
    i.provider,
    i.title,
    i.impact,
    i.components,
    i.started_at_utc at time zone 'UTC' as started_at_utc,
    i.resolved_at_utc at time zone 'UTC' as resolved_at_utc,
    case when i.resolved_at_utc > i.started_at_utc
        then epoch(i.resolved_at_utc - i.started_at_utc) / 3600 end as duration_hours,
    case
        when i.resolved_at_utc > i.started_at_utc then null
        when i.resolved_at_utc is null then 'no_end'
        else 'one_instant'
    end as reason_code,
    case
        when i.resolved_at_utc > i.started_at_utc then null
        when i.resolved_at_utc is null then 'the page tells no end'
        else 'the page tells one instant, which is when it was written'
    end as reason,
    i.first_seen_at_utc at time zone 'UTC' as first_seen_at_utc,
    i.time_basis,
    i.url
from core.incident as i
