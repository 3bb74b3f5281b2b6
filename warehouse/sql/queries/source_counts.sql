-- watched and asked sources by how the last question was answered; robots files are no sources
with last_asked as (
    select
        source_id,
        arg_max(outcome, attempted_at_utc) in ('new', 'unchanged', 'not_due') as is_answering
    from ops.fetch
    where outcome != 'not_due' and source_id not like 'robots:%'
    group by source_id
),

known as (
    select feed_id as source_id from core.feed
    union
    select source_id from last_asked
)

select
    count(*) as n_sources,
    count(*) filter (where a.is_answering) as n_answer,
    count(*) filter (where not a.is_answering) as n_fail,
    count(*) filter (where a.source_id is null) as n_unasked
from known as k
left join last_asked as a on k.source_id = a.source_id
