-- assets with bars that no study of single events measures, and AI tokens that have none, by reason, with their ids
with priced as (
    select distinct
        coalesce(m.asset_id, split_part(split_part(c.market_id, ':', 2), '/', 1)) as asset_id,
        coalesce(m.is_registered, false) as is_registered
    from (select distinct market_id from core.candle) as c
    left join core.market as m on c.market_id = m.market_id
    where coalesce(m.kind, '') <> 'observed'
),

told as (
    select
        p.asset_id,
        case
            when a.role = 'benchmark' then 'a benchmark'
            when a.role = 'basket' then 'of the basket that tokens are compared with'
            when a.role = 'ai_token' then 'an AI token on unregistered markets alone: add them to config/markets.toml'
            when a.role = 'other' then 'known, with a role other than ai_token: config/assets.toml changes it'
            else 'not in the registry: add it to config/assets.toml with role ai_token'
        end as reason
    from priced as p
    left join core.asset as a on p.asset_id = a.asset_id
    where not list_contains($studied::varchar[], p.asset_id)
       or (a.role = 'ai_token' and not p.is_registered
           and p.asset_id not in (select asset_id from priced where is_registered))

    union

    select asset_id, 'an AI token without bars: aftershock backfill, or import prices'
    from core.asset
    where role = 'ai_token'
      and asset_id not in (select asset_id from priced)
      and asset_id not in (select asset_id from core.observation)
)

select reason, count(*) as n_assets, string_agg(asset_id, ', ' order by asset_id) as asset_ids
from told
group by reason
order by n_assets desc, reason
