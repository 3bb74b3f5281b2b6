-- Events that a text may refer to, with every word they are known by, and for the ledger's the headlines that told of them.
with told as (
    select event_id, string_agg(title, ' ' order by source_number) as titles
    from core.event_source
    where role <> 'reaction'
    group by event_id
)
select
    event_id,
    best_at_utc,
    concat_ws(' ', replace(event_id, '-', ' '), title, replace(category, '_', ' '), replace(entities, ',', ' ')) as words,
    case when origin = 'ledger' then coalesce(titles, '') else '' end as told,
    origin = 'ledger' as is_ledger
from core.event
left join told using (event_id)
order by best_at_utc, event_id
