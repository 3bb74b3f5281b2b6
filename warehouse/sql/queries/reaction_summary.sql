-- what each AI token did after one event on the market chosen for it: raw and abnormal, interval, placebo rank, per window
with wide as (
    select
        r.market_id,
        r.window_end_hours,
        max(r.estimate) filter (r.statistic = 'raw_return') as raw_return,
        max(r.estimate) filter (r.statistic = 'car') as car,
        max(r.lower_95) filter (r.statistic = 'car') as car_lower_95,
        max(r.upper_95) filter (r.statistic = 'car') as car_upper_95,
        max(r.value) filter (r.statistic = 'placebo_rank') as n_placebo_at_least_as_large,
        max(r.n) filter (r.statistic = 'placebo_rank') as n_placebo,
        max(r.n_effective) filter (r.statistic = 'placebo_rank') as n_placebo_independent,
        max(r.data_as_of_utc) as data_as_of_utc
    from out.study_result as r
    where r.study_id = 'reaction'
      and r.group_id = 'event'
      and r.event_id = $event_id
      and r.window_start_hours = 0
      and r.window_end_hours in (12, 24, 168)
    group by all
)

select m.asset_id, w.*
from wide as w
join core.market as m on w.market_id = m.market_id
join core.asset as a on m.asset_id = a.asset_id
join out.market_choice as c
    on w.market_id = c.market_id and c.asset_id = m.asset_id and c.event_id = $event_id and c.purpose = 'reaction'
where a.role = 'ai_token'
order by m.asset_id = 'TAO' desc, m.asset_id, w.market_id, w.window_end_hours
