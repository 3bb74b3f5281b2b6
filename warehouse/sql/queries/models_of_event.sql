-- how many models give an answer for one event on these markets, and for how many zero is outside the interval
select
    count(*) as n_known,
    cast(count(*) filter (where r.lower_95 > 0 or r.upper_95 < 0) as bigint) as n_clear
from out.study_result as r
where
    r.study_id = 'models'
    and r.event_id = $event_id
    and list_contains(string_split($markets, ','), r.market_id)
    and r.estimate is not null
