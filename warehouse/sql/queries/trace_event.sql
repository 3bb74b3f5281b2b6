-- from an event to each source of it, the headline that was stored and the bytes it was read from
select
    e.title as event,
    s.source_number,
    s.role,
    s.outlet,
    s.title as headline,
    s.published_at_utc,
    s.first_seen_at_utc,
    n.feed_id,
    coalesce(n.run_id, 'shipped with the ledger') as run_id,
    d.content_sha256,
    d.n_bytes,
    d.fetched_at_utc,
    coalesce(d.url, s.url) as url
from core.event as e
left join core.event_source as s on e.event_id = s.event_id
left join core.entry as n on s.entry_id = n.entry_id
left join raw.document as d on n.feed_id = d.source_id and n.run_id = d.run_id
where e.event_id = $event_id
order by s.source_number, d.fetched_at_utc
