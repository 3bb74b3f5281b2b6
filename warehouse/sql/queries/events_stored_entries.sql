-- headlines that belong to a story, with their stored tags; of some days, of some stories (null: of all), or relevant ones
-- and outages elsewhere alone
with chosen as (
    select
        e.entry_id, e.title, e.url, e.outlet, e.outlet_kind, e.published_at_utc,
        e.published_earliest_at_utc, e.first_seen_at_utc, e.time_basis, s.story_id
    from core.entry as e
    inner join core.story_entry as s on e.entry_id = s.entry_id
    left join core.story as t on s.story_id = t.story_id
    where
        ($story_ids is null or s.story_id in (select unnest(cast($story_ids as varchar []))))
        and (not $is_relevant or t.is_relevant or t.category = 'outage_non_ai')
        and (
            $days is null or cast(
                case
                    when e.time_basis = 'date_only' then e.first_seen_at_utc
                    else coalesce(e.published_at_utc, e.first_seen_at_utc)
                end as date
            ) in (select unnest(cast($days as date [])))
        )
),

tagged as (
    select
        t.entry_id,
        any_value(t.tag_id) filter (t.is_main) as category,
        any_value(t.score) filter (t.is_main) as score,
        coalesce(list(t.tag_id order by t.tag_id) filter (t.kind = 'entity'), []) as entity_ids
    from core.tag as t
    semi join chosen as c on t.entry_id = c.entry_id
    group by t.entry_id
)

select
    c.*,
    coalesce(t.category, 'general') as category,
    coalesce(t.score, 0) as score,
    coalesce(t.entity_ids, []) as entity_ids
from chosen as c
left join tagged as t on c.entry_id = t.entry_id
order by c.entry_id
