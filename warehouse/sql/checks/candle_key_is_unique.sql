-- a candle stands once per market, timeframe and bar
select market_id, timeframe, open_time_utc, count(*) as n_rows
from core.candle
group by all
having count(*) > 1
