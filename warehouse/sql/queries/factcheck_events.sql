-- Events that a text may refer to, with every word they are known by.
select
    event_id,
    best_at_utc,
    concat_ws(' ', replace(event_id, '-', ' '), title, replace(category, '_', ' '), replace(entities, ',', ' ')) as words,
    origin = 'ledger' as is_ledger
from core.event
order by best_at_utc, event_id
