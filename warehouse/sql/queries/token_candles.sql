-- candles of the AI tokens and of the benchmark, all years, bars of four hours and less
select
    a.asset_id,
    c.market_id,
    c.timeframe,
    c.open_time_utc,
    c.high_quote,
    c.low_quote,
    c.close_quote,
    c.volume_base
from core.candle as c
inner join core.market as m on c.market_id = m.market_id
inner join core.asset as a on m.asset_id = a.asset_id
where (a.role = 'ai_token' or a.asset_id = $benchmark)
  and c.timeframe in ('1h', '4h')
order by c.market_id, c.timeframe, c.open_time_utc
