-- rows in quarantine by source, series and reason
select
    q.table_name,
    q.source_id,
    q.subject_id,
    q.reason,
    count(*) as n_rows,
    min(q.seen_at_utc) as first_seen_at_utc,
    min(q.detail) as example
from raw.quarantine as q
where q.released_at_utc is null
  and ($reason is null or q.reason = $reason)
  and ($market_id is null or q.subject_id = $market_id or starts_with(q.subject_id, $market_id || ' '))
group by all
order by n_rows desc, q.source_id, q.subject_id, q.reason
