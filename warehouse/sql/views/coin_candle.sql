-- candles per unit of the asset, with the values that were believed before: 1000PEPE counts as PEPE here and nowhere else
create or replace view core.coin_candle as
with believed as (
    select
        market_id, timeframe, open_time_utc, high_quote, low_quote, close_quote, volume_base, first_seen_at_utc,
        null::timestamptz as superseded_at_utc
    from core.candle

    union all

    select
        market_id, timeframe, open_time_utc, high_quote, low_quote, close_quote, volume_base, first_seen_at_utc,
        superseded_at_utc
    from core.candle_revision
)

select
    b.market_id,
    b.timeframe,
    b.open_time_utc,
    b.high_quote / coalesce(m.contract_multiplier, 1) as high_quote,
    b.low_quote / coalesce(m.contract_multiplier, 1) as low_quote,
    b.close_quote / coalesce(m.contract_multiplier, 1) as close_quote,
    b.volume_base * coalesce(m.contract_multiplier, 1) as volume_base,
    b.first_seen_at_utc,
    b.superseded_at_utc
from believed as b
left join core.market as m on b.market_id = m.market_id
