-- candles between two instants with the asset they quote; a market that is not registered goes by its base symbol
select
    coalesce(m.asset_id, regexp_extract(c.market_id, ':([^/:]+)/', 1)) as asset_id,
    c.market_id,
    c.timeframe,
    c.open_time_utc,
    c.high_quote,
    c.low_quote,
    c.close_quote
from core.coin_candle as c
left join core.market as m on c.market_id = m.market_id
where c.open_time_utc between $from_utc and $to_utc and c.superseded_at_utc is null
order by c.market_id, c.timeframe, c.open_time_utc
