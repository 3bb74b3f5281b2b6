-- how many bars of each series each day holds of those that a day has
create or replace view out.coverage_by_day as
with days as (
    select market_id, timeframe, cast(open_time_utc at time zone 'UTC' as date) as day_utc, count(*) as n_present
    from core.candle
    group by all
)

select
    d.market_id,
    m.asset_id,
    d.timeframe,
    d.day_utc,
    d.n_present,
    cast(l.n_of_day as bigint) as n_of_day,
    d.n_present / l.n_of_day as share_present
from days as d
join core.market as m on d.market_id = m.market_id
join (values ('1m', 1440), ('5m', 288), ('1h', 24), ('4h', 6), ('1d', 1)) as l (timeframe, n_of_day)
    on d.timeframe = l.timeframe
