-- reactions over 24 hours on the market that stands for each asset, counted by event, by asset, and by asset and kind of event
with measured as (
    select
        r.event_id,
        m.asset_id,
        r.market_id,
        e.category,
        max(r.estimate) filter (where r.statistic = 'car') as car,
        max(r.lower_95) filter (where r.statistic = 'placebo_rank') as ordinary_lower,
        max(r.upper_95) filter (where r.statistic = 'placebo_rank') as ordinary_upper
    from out.study_result as r
    inner join core.market as m on r.market_id = m.market_id
    inner join core.event as e on r.event_id = e.event_id
    where r.study_id = 'reaction' and r.group_id = 'event' and r.window_end_hours = 24
    group by all
),

-- a file without the choice of a market gives the first by name
placed as (
    select
        d.*,
        d.asset_id not in ('BTC', 'ETH') as is_token,
        row_number() over (
            partition by d.event_id, d.asset_id
            order by c.market_id is null, d.market_id
        ) as place
    from measured as d
    left join out.market_choice as c
        on d.event_id = c.event_id and d.market_id = c.market_id and c.purpose = 'reaction'
)

select
    event_id,
    asset_id,
    category,
    count(car) as n_measured,
    count(*) filter (where car > 0) as n_rose,
    count(*) filter (
        where is_token and car is not null and ordinary_lower is not null and ordinary_upper is not null
    ) as n_ranged,
    count(*) filter (where is_token and (car < ordinary_lower or car > ordinary_upper)) as n_outside,
    avg(car) as mean_car,
    median(car) as median_car,
    min(car) as smallest_car,
    max(car) as largest_car
from placed
where place = 1
group by grouping sets ((event_id), (asset_id), (asset_id, category))
order by event_id, asset_id, category
