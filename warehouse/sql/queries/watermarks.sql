-- last stored bar of every series
select market_id, timeframe, min(open_time_utc) as first_open_utc, max(open_time_utc) as last_open_utc, count(*) as n_bars
from core.candle
group by all
order by market_id, timeframe
