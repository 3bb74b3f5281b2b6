-- how many bars of one event's path after it lay outside the middle 95 % of placebo windows, and how many have a range
select
    cast(count(*) filter (where p.car < p.band_95_lower or p.car > p.band_95_upper) as bigint) as n_outside,
    count(*) as n_bars
from out.study_path as p
where
    p.study_id = $study_id
    and p.event_id = $event_id
    and p.market_id = $market_id
    and p.hours_after_event > 0
    and p.hours_after_event <= cast($hours as double)
    and p.car is not null
    and p.band_95_lower is not null
    and p.band_95_upper is not null
