-- a close is within 8 % of the reference price of three or more markets (the largest documented true difference is 7.6 %)
select
    c.market_id,
    c.timeframe,
    c.open_time_utc,
    c.close_quote,
    r.reference_quote,
    r.n_markets
from core.coin_candle as c
join core.market as m on c.market_id = m.market_id
join out.reference_price as r
    on m.asset_id = r.asset_id and c.timeframe = r.timeframe and c.open_time_utc = r.open_time_utc
where c.superseded_at_utc is null
  and m.is_registered
  and m.quote in ('USDT', 'USD', 'USDC')
  and r.n_markets >= 3
  and abs(c.close_quote / r.reference_quote - 1) > 0.08
order by c.open_time_utc, c.market_id
