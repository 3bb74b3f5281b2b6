-- a candle opens on the grid of its timeframe
select market_id, timeframe, open_time_utc
from core.candle
where epoch(open_time_utc)
    % case timeframe when '1m' then 60 when '5m' then 300 when '1h' then 3600 when '4h' then 14400 when '1d' then 86400 end <> 0
