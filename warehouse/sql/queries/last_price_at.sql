-- when the last stored price was known: the close of the last bar, or the last observation
with bars as (
    select unnest($timeframes::varchar[]) as timeframe, unnest($seconds::bigint[]) as seconds
),

known as (
    select max(c.open_time_utc + to_seconds(b.seconds)) as at_utc
    from core.candle as c
    join bars as b on c.timeframe = b.timeframe

    union all

    select max(observed_at_utc) from core.observation
)

select max(at_utc) as last_at_utc from known
