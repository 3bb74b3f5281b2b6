-- markets that have candles, and those that stand for observed prices, with their asset and its role; an unregistered market
-- stands for its base symbol where the registry has no such asset: what it has is studied on registered markets alone
with traded as (
    select distinct market_id from core.candle
),

observed as (
    select distinct asset_id from core.observation
)

select
    t.market_id,
    coalesce(m.asset_id, split_part(split_part(t.market_id, ':', 2), '/', 1)) as asset_id,
    a.role
from traded as t
left join core.market as m on t.market_id = m.market_id
left join core.asset as a on a.asset_id = m.asset_id
where coalesce(m.is_registered, false) or (a.asset_id is null and coalesce(m.kind, '') <> 'observed')

union all

select 'observed:' || o.asset_id || '/USD' as market_id, o.asset_id, a.role
from observed as o
left join core.asset as a on o.asset_id = a.asset_id
order by market_id
