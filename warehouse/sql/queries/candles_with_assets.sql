-- candles per unit of the asset they quote, of some assets (null: all), as believed at $as_of (null: now); unregistered markets go by base symbol, 1000SHIB as 1000 SHIB
with stored as (
    select distinct market_id
    from core.candle
),

named as (
    select
        s.market_id,
        coalesce(m.is_registered, false) as is_registered,
        coalesce(m.asset_id, regexp_extract(s.market_id, ':([^/:]+)/', 1)) as symbol
    from stored as s
    left join core.market as m on s.market_id = m.market_id
),

counted as (
    select *, case when not is_registered and regexp_matches(symbol, '^1000[A-Z]') then 1000 else 1 end as units
    from named
),

chosen as (
    select market_id, units, case when units = 1 then symbol else substr(symbol, 5) end as asset_id
    from counted
    where $asset_ids::varchar[] is null
       or list_contains($asset_ids::varchar[], case when units = 1 then symbol else substr(symbol, 5) end)
)

select
    k.asset_id,
    c.market_id,
    c.timeframe,
    c.open_time_utc,
    c.high_quote / k.units as high_quote,
    c.low_quote / k.units as low_quote,
    c.close_quote / k.units as close_quote
from core.coin_candle as c
join chosen as k on c.market_id = k.market_id
where c.first_seen_at_utc <= coalesce($as_of::timestamptz, 'infinity'::timestamptz)
  and (c.superseded_at_utc is null or c.superseded_at_utc > $as_of::timestamptz)
order by c.market_id, c.timeframe, c.open_time_utc
