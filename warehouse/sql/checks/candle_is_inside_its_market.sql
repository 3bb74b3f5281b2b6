-- no candle opens after the documented end of its market
select c.market_id, c.timeframe, count(*) as n_bars, min(c.open_time_utc) as first_open_utc, m.delisted_at_utc
from core.candle as c
join core.market as m on c.market_id = m.market_id
where m.confidence in ('high', 'medium')
  and c.open_time_utc >= m.delisted_at_utc
  -- a day on which a market was last seen to trade is no end: bars may follow it
  and not exists (
      select 1 from core.listing as l
      where l.exchange = m.exchange and l.symbol = m.symbol and l.last_active_at_utc = m.delisted_at_utc
  )
group by all
