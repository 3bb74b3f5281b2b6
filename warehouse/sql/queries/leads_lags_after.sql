-- the bars after the news of one panel: what they compound to, and in how many zero is outside the interval
select
    exp(sum(ln(1 + r.estimate))) - 1 as total,
    cast(count(*) filter (where r.lower_95 > 0 or r.upper_95 < 0) as bigint) as n_clear,
    count(*) as n_bars
from out.study_result as r
where
    r.group_id = $group_id
    and r.statistic = 'clustered'
    and r.estimate is not null
    and r.window_start_hours >= 0
