-- candles between two instants per unit of the asset they quote; unregistered markets go by base symbol, 1000SHIB as 1000 SHIB
with named as (
    select
        c.market_id,
        c.timeframe,
        c.open_time_utc,
        c.high_quote,
        c.low_quote,
        c.close_quote,
        coalesce(m.is_registered, false) as is_registered,
        coalesce(m.asset_id, regexp_extract(c.market_id, ':([^/:]+)/', 1)) as symbol
    from core.coin_candle as c
    left join core.market as m on c.market_id = m.market_id
    where c.open_time_utc between $from_utc and $to_utc and c.superseded_at_utc is null
),

counted as (
    select *, case when not is_registered and regexp_matches(symbol, '^1000[A-Z]') then 1000 else 1 end as units
    from named
)

select
    case when units = 1 then symbol else substr(symbol, 5) end as asset_id,
    market_id,
    timeframe,
    open_time_utc,
    high_quote / units as high_quote,
    low_quote / units as low_quote,
    close_quote / units as close_quote
from counted
order by market_id, timeframe, open_time_utc
