-- last close of each day per market, whatever the bar length, for the long price charts of the pages
-- a day has 86400000000 microseconds: whole numbers are divided in a sixth of the time that time_bucket takes
select
    m.asset_id,
    c.market_id,
    make_timestamptz(epoch_us(c.open_time_utc) // 86400000000 * 86400000000) as day_utc,
    arg_max(c.close_quote, c.open_time_utc) as close_quote
from core.coin_candle as c
inner join core.market as m on c.market_id = m.market_id
where c.superseded_at_utc is null
group by m.asset_id, c.market_id, make_timestamptz(epoch_us(c.open_time_utc) // 86400000000 * 86400000000)
order by m.asset_id, c.market_id, day_utc
