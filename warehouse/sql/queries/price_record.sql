-- the record of each market by day: how many days, and the change from the first close to the last
with daily as (
    select
        market_id,
        time_bucket(interval 1 day, open_time_utc) as day_utc,
        arg_max(close_quote, open_time_utc) as close_quote
    from core.coin_candle
    where superseded_at_utc is null
    group by all
)

select
    market_id,
    count(*) as n_days,
    arg_max(close_quote, day_utc) / arg_min(close_quote, day_utc) - 1 as change
from daily
group by market_id
order by market_id
