-- reference price per asset and bar: the median close across venues quoting in dollars, with their count and spread
select
    m.asset_id,
    c.timeframe,
    c.open_time_utc,
    median(c.close_quote / m.contract_multiplier) as consensus_quote,
    count(*) as n_markets,
    count(distinct m.exchange) as n_venues,
    max(c.close_quote / m.contract_multiplier) / min(c.close_quote / m.contract_multiplier) - 1 as spread
from core.candle as c
join core.market as m on c.market_id = m.market_id
where m.quote in ('USDT', 'USD', 'USDC')
  and m.is_registered
  and m.asset_id = $asset_id
  and c.timeframe = $timeframe
  and c.open_time_utc >= $start
  and c.open_time_utc < $end
group by all
order by c.open_time_utc
