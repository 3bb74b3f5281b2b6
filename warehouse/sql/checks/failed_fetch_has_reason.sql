-- an attempt that failed says why and when the next one is
select source_id, attempted_at_utc, outcome
from ops.fetch
where outcome in ('transient', 'permanent', 'malformed', 'refused')
  and (reason is null or detail is null or next_attempt_utc is null)
