-- from an event, or a headline or a statement in one, to each source of it and the bytes it was read from ($key is the id)
with sources as (
    select
        e.title as subject,
        e.origin,
        e.ended_at_utc,
        s.source_number,
        s.role,
        s.outlet,
        s.title as headline,
        s.published_at_utc,
        s.first_seen_at_utc,
        s.url,
        s.entry_id
    from core.event as e
    left join core.event_source as s on e.event_id = s.event_id
    where e.event_id = $key
    union all
    select
        title as subject,
        'headline' as origin,
        null as ended_at_utc,
        1 as source_number,
        'first_report' as role,
        outlet,
        title as headline,
        published_at_utc,
        first_seen_at_utc,
        url,
        entry_id
    from core.entry
    where entry_id = $key or entry_id in (select entry_id from core.press_claim where press_claim_id = $key)
),

-- an outage tells the title and address of its gravest incident, which began within it
kept as (
    select
        s.*,
        case
            when n.entry_id is not null then 'headline'
            when i.incident_id is not null then 'incident'
            when s.headline is null and s.origin = 'user' then 'your ledger'
            else 'the ledger that ships'
        end as kept_as,
        coalesce(n.feed_id, i.source_id) as source_id,
        coalesce(n.run_id, i.run_id) as run_id
    from sources as s
    left join core.entry as n on s.entry_id = n.entry_id
    left join core.incident as i
        on s.entry_id is null
        and s.headline = i.title
        and s.url is not distinct from i.url
        and i.started_at_utc >= s.published_at_utc
        and i.started_at_utc <= coalesce(s.ended_at_utc, s.published_at_utc + interval 1 day)
)

-- a file that was imported speaks for any outlet
select
    k.subject,
    k.source_number,
    k.role,
    k.outlet,
    k.headline,
    k.published_at_utc,
    k.first_seen_at_utc,
    k.kept_as,
    coalesce(d.source_id, k.source_id) as source_id,
    k.run_id,
    d.content_sha256,
    d.n_bytes,
    d.body_zlib is not null as is_kept,
    d.fetched_at_utc,
    coalesce(d.url, k.url) as url
from kept as k
left join raw.document as d
    on k.run_id = d.run_id
    and (k.source_id = d.source_id or starts_with(d.url, 'file:'))
order by k.source_number, d.fetched_at_utc, d.content_sha256
