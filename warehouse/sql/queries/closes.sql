-- closes of every series of one bar length between two instants, in no order, for a matrix
select market_id, open_time_utc, close_quote
from core.candle
where timeframe = $timeframe
  and open_time_utc >= $start
  and open_time_utc < $end
