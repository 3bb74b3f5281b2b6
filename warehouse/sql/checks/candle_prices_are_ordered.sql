-- low is at most open and close, high at least, and all are positive
select market_id, timeframe, open_time_utc, open_quote, high_quote, low_quote, close_quote
from core.candle
where close_quote <= 0
   or low_quote > least(open_quote, close_quote)
   or high_quote < greatest(open_quote, close_quote)
