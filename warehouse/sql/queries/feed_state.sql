-- the last attempt on every source: what its next request needs
select
    f.source_id,
    f.attempted_at_utc,
    f.outcome,
    f.n_failures,
    f.next_attempt_utc,
    f.etag,
    f.last_modified
from ops.fetch as f
qualify row_number() over (partition by f.source_id order by f.attempted_at_utc desc) = 1
order by f.source_id
