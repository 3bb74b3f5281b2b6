-- how each source answered the last time it was asked, and when it last answered well
create or replace view out.source_health as
select
    source_id,
    max(attempted_at_utc) at time zone 'UTC' as attempted_at_utc,
    arg_max(outcome, attempted_at_utc) as outcome,
    arg_max_null(reason, attempted_at_utc) as reason_code,
    arg_max_null(detail, attempted_at_utc) as reason,
    arg_max(n_failures, attempted_at_utc) as n_failures,
    max(attempted_at_utc) filter (outcome in ('new', 'unchanged')) at time zone 'UTC' as answered_at_utc,
    cast(sum(n_new) as bigint) as n_new
from ops.fetch
group by all
