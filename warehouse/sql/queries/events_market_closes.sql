-- hourly closes of bitcoin on the market that has most of them, named by the instant each close was known
with busiest as (
    select c.market_id
    from core.candle as c
    inner join core.market as m on c.market_id = m.market_id
    where m.asset_id = 'BTC' and c.timeframe = '1h'
    group by c.market_id
    order by count(*) desc, c.market_id
    limit 1
)

select c.open_time_utc + interval 1 hour as close_time_utc, c.close_quote
from core.candle as c
inner join busiest as b on c.market_id = b.market_id
where c.timeframe = '1h'
order by c.open_time_utc
