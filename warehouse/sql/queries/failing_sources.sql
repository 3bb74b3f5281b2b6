-- sources whose last attempts failed, longest silent first; robots files are no sources
with last_attempt as (
    select source_id, attempted_at_utc, n_failures, coalesce(detail, reason) as detail
    from ops.fetch
    where source_id not like 'robots:%'
    qualify row_number() over (partition by source_id order by attempted_at_utc desc) = 1
)

select
    l.source_id,
    l.n_failures,
    l.attempted_at_utc,
    max(f.attempted_at_utc) filter (where f.n_failures = 0) as last_good_at_utc,
    l.detail
from last_attempt as l
join ops.fetch as f on f.source_id = l.source_id
where l.n_failures > 0
group by all
order by last_good_at_utc nulls first, l.source_id
