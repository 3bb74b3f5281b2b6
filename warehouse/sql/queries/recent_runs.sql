-- the newest runs with the rows they wrote, for the data health page
select
    r.run_id,
    r.command,
    r.started_at_utc,
    r.finished_at_utc,
    r.outcome,
    cast(sum(s.n_changed) as bigint) as n_changed
from ops.run as r
left join ops.step as s on r.run_id = s.run_id
group by r.run_id, r.command, r.started_at_utc, r.finished_at_utc, r.outcome
order by r.run_id desc
limit 20
