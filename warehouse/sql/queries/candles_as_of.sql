-- bars of one series with the values that were known at an instant
with believed as (
    select
        market_id, timeframe, open_time_utc, open_quote, high_quote, low_quote, close_quote, volume_base,
        source_id, first_seen_at_utc, run_id, is_revised
    from core.candle
    where market_id = $market_id
      and timeframe = $timeframe
      and open_time_utc >= $start
      and open_time_utc < $end
      and first_seen_at_utc <= $as_of

    union all by name

    select
        market_id, timeframe, open_time_utc, open_quote, high_quote, low_quote, close_quote, volume_base,
        source_id, first_seen_at_utc, run_id, false as is_revised
    from core.candle_revision
    where market_id = $market_id
      and timeframe = $timeframe
      and open_time_utc >= $start
      and open_time_utc < $end
      and first_seen_at_utc <= $as_of
      and superseded_at_utc > $as_of
)

select *
from believed
order by open_time_utc
