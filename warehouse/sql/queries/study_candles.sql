-- bars of every market with one stored bar length, as believed at $as_of (null: now): those before the end of its life, or
-- with $is_after those after it, of which the longer bar is made in which it ends
with believed as (
    select market_id, open_time_utc, close_quote, high_quote, low_quote, volume_base
    from core.coin_candle
    where timeframe = $timeframe
      and first_seen_at_utc <= coalesce($as_of, 'infinity'::timestamptz)
      and (superseded_at_utc is null or superseded_at_utc > $as_of)
),

-- numbers in the order of the names: a million rows are put in order by them in half the time
named as (
    select
        k.market_id,
        row_number() over (order by k.market_id) as number,
        coalesce(least(a.valid_to_utc, m.delisted_at_utc), 'infinity'::timestamptz) as ends_at_utc
    from (select market_id from core.candle union select market_id from core.candle_revision) as k
    left join core.market as m on k.market_id = m.market_id
    left join core.asset as a on a.asset_id = m.asset_id
)

select b.market_id, b.open_time_utc, b.close_quote, b.high_quote, b.low_quote, b.volume_base
from believed as b
join named as n on b.market_id = n.market_id
where (b.open_time_utc >= n.ends_at_utc) = $is_after
order by n.number, b.open_time_utc
