-- every row in quarantine, whole
select
    q.quarantine_id,
    q.table_name,
    q.source_id,
    q.subject_id,
    q.reason,
    q.detail,
    q.payload_json,
    q.row_number,
    q.seen_at_utc
from raw.quarantine as q
where q.released_at_utc is null
  and ($reason is null or q.reason = $reason)
  and ($market_id is null or q.subject_id = $market_id or starts_with(q.subject_id, $market_id || ' '))
order by q.source_id, q.subject_id, q.reason, q.row_number
