-- hourly and 4-hourly closes of tokens and benchmarks in the last 120 days of the record, for the latest moves
with newest as (
    select max(open_time_utc) as open_time_utc
    from core.candle
    where timeframe in ('1h', '4h')
)

select
    m.asset_id,
    coalesce(a.name, m.asset_id) as name,
    c.market_id,
    c.timeframe,
    c.open_time_utc,
    c.close_quote
from core.coin_candle as c
inner join core.market as m on c.market_id = m.market_id
left join core.asset as a on m.asset_id = a.asset_id
cross join newest as n
where c.timeframe in ('1h', '4h')
  and c.superseded_at_utc is null
  and (a.role is null or a.role in ('ai_token', 'benchmark'))
  and c.open_time_utc > n.open_time_utc - interval 120 days
order by c.market_id, c.timeframe, c.open_time_utc
