-- how many bars of each series each day holds of those that a day has
create or replace view out.coverage_by_day as
-- the market joins before the count, so that a question about one asset counts the bars of that asset alone
with days as (
    select
        c.market_id,
        m.asset_id,
        c.timeframe,
        date '1970-01-01' + cast(epoch_us(c.open_time_utc) // 86400000000 as integer) as day_utc,
        count(*) as n_present
    from core.candle as c
    join core.market as m on c.market_id = m.market_id
    group by all
)

select
    d.market_id,
    d.asset_id,
    d.timeframe,
    d.day_utc,
    d.n_present,
    cast(l.n_of_day as bigint) as n_of_day,
    d.n_present / l.n_of_day as share_present
from days as d
join (values ('1m', 1440), ('5m', 288), ('1h', 24), ('4h', 6), ('1d', 1)) as l (timeframe, n_of_day)
    on d.timeframe = l.timeframe
