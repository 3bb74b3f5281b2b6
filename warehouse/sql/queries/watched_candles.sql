-- 5-minute closes of AI tokens and Bitcoin in the last 22 days of the record, for unexplained moves
with newest as (
    select max(open_time_utc) as open_time_utc
    from core.candle
    where timeframe = '5m'
)

select
    m.asset_id,
    c.market_id,
    c.open_time_utc,
    c.close_quote
from core.coin_candle as c
inner join core.market as m on c.market_id = m.market_id
inner join core.asset as a on m.asset_id = a.asset_id
cross join newest as n
where c.timeframe = '5m'
  and c.superseded_at_utc is null
  and (a.role = 'ai_token' or a.asset_id = 'BTC')
  and c.open_time_utc > n.open_time_utc - interval 22 days
order by c.market_id, c.open_time_utc
