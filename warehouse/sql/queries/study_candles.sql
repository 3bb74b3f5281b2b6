-- closes of every market with one bar length up to the end of its life, as believed at $as_of (null: now); absent bars are
-- joined from complete hours
with believed as (
    select market_id, timeframe, open_time_utc, close_quote, high_quote, low_quote, volume_base
    from core.candle
    where timeframe in ($timeframe, '1h')
      and first_seen_at_utc <= coalesce($as_of, 'infinity'::timestamptz)

    union all

    select market_id, timeframe, open_time_utc, close_quote, high_quote, low_quote, volume_base
    from core.candle_revision
    where timeframe in ($timeframe, '1h')
      and first_seen_at_utc <= $as_of
      and superseded_at_utc > $as_of
),

stored as (
    select market_id, open_time_utc, close_quote, high_quote, low_quote, volume_base
    from believed
    where timeframe = $timeframe
),

-- a 4-hour bar closes where its last hour closes, so whole hours of the same market give the same bar
joined as (
    select
        market_id,
        time_bucket(interval 4 hours, open_time_utc) as open_time_utc,
        arg_max(close_quote, open_time_utc) as close_quote,
        max(high_quote) as high_quote,
        min(low_quote) as low_quote,
        -- in order: a sum of floats in another order differs in its last digit, and a study would be computed anew
        sum(volume_base order by open_time_utc) as volume_base
    from believed
    where $timeframe = '4h' and timeframe = '1h'
    group by market_id, time_bucket(interval 4 hours, open_time_utc)
    having count(*) = 4
),

bars as (
    select * from stored
    union all
    select j.* from joined as j
    anti join stored as s on j.market_id = s.market_id and j.open_time_utc = s.open_time_utc
)

select b.market_id, b.open_time_utc, b.close_quote, b.high_quote, b.low_quote, b.volume_base
from bars as b
left join core.market as m on b.market_id = m.market_id
left join core.asset as a on a.asset_id = m.asset_id
where b.open_time_utc < coalesce(least(a.valid_to_utc, m.delisted_at_utc), 'infinity'::timestamptz)
order by b.market_id, b.open_time_utc
