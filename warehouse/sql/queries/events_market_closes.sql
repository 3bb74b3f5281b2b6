-- hourly closes of one market, named by the instant each close was known
select c.open_time_utc + interval 1 hour as close_time_utc, c.close_quote
from core.coin_candle as c
where c.market_id = $market_id and c.timeframe = '1h' and c.superseded_at_utc is null
order by c.open_time_utc
