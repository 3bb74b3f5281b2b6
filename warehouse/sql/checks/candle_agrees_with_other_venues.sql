-- a close is within 8 % of the median of three or more markets (the largest documented true difference is 7.6 %)
with priced as (
    select
        c.market_id,
        m.asset_id,
        c.timeframe,
        c.open_time_utc,
        c.close_quote / m.contract_multiplier as close_quote
    from core.candle as c
    join core.market as m on c.market_id = m.market_id
    where m.quote in ('USDT', 'USD', 'USDC') and m.is_registered
),

reference as (
    select asset_id, timeframe, open_time_utc, median(close_quote) as consensus_quote, count(*) as n_markets
    from priced
    group by all
    having count(*) >= 3
)

select p.market_id, p.timeframe, p.open_time_utc, p.close_quote, r.consensus_quote, r.n_markets
from priced as p
join reference as r
    on p.asset_id = r.asset_id and p.timeframe = r.timeframe and p.open_time_utc = r.open_time_utc
where abs(p.close_quote / r.consensus_quote - 1) > 0.08
order by p.open_time_utc, p.market_id
