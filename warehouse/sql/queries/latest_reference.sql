-- the reference price of every asset that was known last, with the bar it closes; of bars that close together the shortest
select
    r.asset_id,
    r.timeframe,
    r.open_time_utc,
    r.open_time_utc
    + to_seconds(case r.timeframe when '1m' then 60 when '5m' then 300 when '1h' then 3600 when '4h' then 14400 else 86400 end)
        as close_time_utc,
    r.reference_quote,
    r.n_markets,
    r.n_venues,
    r.spread
from out.reference_price as r
qualify row_number() over (
    partition by r.asset_id
    order by close_time_utc desc, r.open_time_utc desc
) = 1
order by r.asset_id
