-- warning: hours of one market joined from its minutes, and days from its hours, have its own closes within 0.1 %, its ranges within 1 % and its volume within 2 %
with joined as (
    select
        market_id,
        '1h' as timeframe,
        date_trunc('hour', open_time_utc) as open_time_utc,
        count(*) as n_bars,
        60 as n_whole,
        max(high_quote) as high_quote,
        min(low_quote) as low_quote,
        arg_max(close_quote, open_time_utc) as close_quote,
        sum(volume_base) as volume_base
    from core.candle
    where timeframe = '1m'
    group by all

    union all

    select
        market_id,
        '1d' as timeframe,
        date_trunc('day', open_time_utc) as open_time_utc,
        count(*) as n_bars,
        24 as n_whole,
        max(high_quote) as high_quote,
        min(low_quote) as low_quote,
        arg_max(close_quote, open_time_utc) as close_quote,
        sum(volume_base) as volume_base
    from core.candle
    where timeframe = '1h'
    group by all
)

select
    c.market_id,
    c.timeframe,
    c.open_time_utc,
    c.close_quote,
    j.close_quote as joined_close_quote,
    c.volume_base,
    j.volume_base as joined_volume_base
from core.candle as c
join joined as j
    on c.market_id = j.market_id and c.timeframe = j.timeframe and c.open_time_utc = j.open_time_utc
where j.n_bars = j.n_whole
  and (abs(j.close_quote / c.close_quote - 1) > 0.001
       or abs(j.high_quote / c.high_quote - 1) > 0.01
       or abs(j.low_quote / c.low_quote - 1) > 0.01
       or abs(j.volume_base / nullif(c.volume_base, 0) - 1) > 0.02)
order by c.market_id, c.timeframe, c.open_time_utc
