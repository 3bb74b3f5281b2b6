-- closes of every market with one bar length up to the end of its life, as believed at $as_of (null: now); absent bars are
-- joined from complete stretches of the stored lengths $sources (of $source_seconds), the longest of them first
with sources as (
    select unnest($sources::varchar[]) as timeframe, unnest($source_seconds::bigint[]) as seconds
),

believed as (
    select market_id, timeframe, open_time_utc, close_quote, high_quote, low_quote, volume_base
    from core.coin_candle
    where (timeframe = $timeframe or list_contains($sources::varchar[], timeframe))
      and first_seen_at_utc <= coalesce($as_of, 'infinity'::timestamptz)
      and (superseded_at_utc is null or superseded_at_utc > $as_of)
),

-- numbers in the order of the names: a million rows are put in order by them in half the time
named as (
    select
        k.market_id,
        row_number() over (order by k.market_id) as number,
        coalesce(least(a.valid_to_utc, m.delisted_at_utc), 'infinity'::timestamptz) as ends_at_utc
    from (select distinct market_id from believed) as k
    left join core.market as m on k.market_id = m.market_id
    left join core.asset as a on a.asset_id = m.asset_id
),

stored as (
    select market_id, open_time_utc, close_quote, high_quote, low_quote, volume_base
    from believed
    where timeframe = $timeframe
),

-- a long bar closes where its last short one closes, so a whole stretch of the same market gives the same bar; weeks open
-- on a Monday, as time_bucket's own origin does
joined as (
    select
        b.market_id,
        s.seconds,
        time_bucket(to_seconds($seconds), b.open_time_utc) as open_time_utc,
        arg_max(b.close_quote, b.open_time_utc) as close_quote,
        max(b.high_quote) as high_quote,
        min(b.low_quote) as low_quote,
        -- in order: a sum of floats in another order differs in its last digit, and a study would be computed anew
        sum(b.volume_base order by b.open_time_utc) as volume_base
    from believed as b
    join sources as s on b.timeframe = s.timeframe
    group by b.market_id, s.seconds, time_bucket(to_seconds($seconds), b.open_time_utc)
    having count(*) = $seconds // s.seconds
),

bars as (
    select * from stored
    union all
    select j.market_id, j.open_time_utc, j.close_quote, j.high_quote, j.low_quote, j.volume_base
    from joined as j
    anti join stored as s on j.market_id = s.market_id and j.open_time_utc = s.open_time_utc
    qualify row_number() over (partition by j.market_id, j.open_time_utc order by j.seconds desc) = 1
)

select b.market_id, b.open_time_utc, b.close_quote, b.high_quote, b.low_quote, b.volume_base
from bars as b
join named as n on b.market_id = n.market_id
where b.open_time_utc < n.ends_at_utc
order by n.number, b.open_time_utc
