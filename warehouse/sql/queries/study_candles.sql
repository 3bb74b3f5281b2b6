-- closes and what shows a frozen bar, of every market with one bar length, up to the end of the asset's or market's life
select c.market_id, c.open_time_utc, c.close_quote, c.high_quote, c.low_quote, c.volume_base
from core.candle as c
left join core.market as m on c.market_id = m.market_id
left join core.asset as a on a.asset_id = m.asset_id
where c.timeframe = $timeframe
  and c.open_time_utc < coalesce(least(a.valid_to_utc, m.delisted_at_utc), 'infinity'::timestamptz)
order by c.market_id, c.open_time_utc
