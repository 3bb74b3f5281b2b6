-- bars of out.reference_price that are not what the candles say now, of stretches with about $n_closes closes together;
-- n_markets 0: no market has the bar any more; n_stretches_left: for a later pass
with traded as (
    select distinct market_id from core.candle
),

-- AI tokens and benchmarks, and every other asset with bars of three markets
priced as (
    select m.asset_id
    from core.market as m
    join core.asset as a on m.asset_id = a.asset_id
    join traded as t on m.market_id = t.market_id
    where m.is_registered and m.quote in ('USDT', 'USD', 'USDC')
    group by m.asset_id, a.role
    having a.role in ('ai_token', 'benchmark') or count(*) >= 3
),

markets as (
    select
        m.market_id,
        m.asset_id,
        m.exchange,
        coalesce(greatest(a.valid_from_utc, m.listed_at_utc), '-infinity'::timestamptz) as start_utc,
        coalesce(least(a.valid_to_utc, m.delisted_at_utc), 'infinity'::timestamptz) as end_utc
    from core.market as m
    join core.asset as a on m.asset_id = a.asset_id
    where m.is_registered
      and m.quote in ('USDT', 'USD', 'USDC')
      and m.asset_id in (select asset_id from priced)
),

bar_lengths as (
    select
        unnest(['1m', '5m', '1h', '4h', '1d']) as timeframe,
        to_seconds(unnest([60, 300, 3600, 14400, 86400])) as length,
        unnest(['month', 'month', 'year', 'year', 'year']) as stretch
),

-- a bar counts when part of it lies inside the life of its market and asset, and never when it is frozen
closes as not materialized (
    select
        m.asset_id,
        c.timeframe,
        date_trunc(b.stretch, c.open_time_utc) as stretch_utc,
        c.open_time_utc,
        m.exchange,
        c.close_quote,
        c.first_seen_at_utc
    from core.coin_candle as c
    join markets as m on c.market_id = m.market_id
    join bar_lengths as b on c.timeframe = b.timeframe
    where c.superseded_at_utc is null
      and c.open_time_utc < m.end_utc
      and c.open_time_utc + b.length > m.start_utc
      and not coalesce(c.volume_base = 0 and c.high_quote = c.low_quote, false)
),

-- only stretches whose closes are not those that the stored prices rest on are computed again
as_candles as (
    select
        asset_id,
        timeframe,
        stretch_utc,
        count(*) as n_closes,
        min(close_quote) as lowest_quote,
        max(close_quote) as highest_quote,
        max(first_seen_at_utc) as last_seen_at_utc
    from closes
    group by all
),

as_stored as (
    select
        r.asset_id,
        r.timeframe,
        date_trunc(b.stretch, r.open_time_utc) as stretch_utc,
        sum(r.n_markets) as n_closes,
        min(r.lowest_quote) as lowest_quote,
        max(r.highest_quote) as highest_quote,
        max(r.last_seen_at_utc) as last_seen_at_utc
    from out.reference_price as r
    join bar_lengths as b on r.timeframe = b.timeframe
    group by all
),

stale as (
    select
        coalesce(c.asset_id, s.asset_id) as asset_id,
        coalesce(c.timeframe, s.timeframe) as timeframe,
        coalesce(c.stretch_utc, s.stretch_utc) as stretch_utc,
        coalesce(c.n_closes, s.n_closes) as n_closes
    from as_candles as c
    full join as_stored as s
        on c.asset_id = s.asset_id and c.timeframe = s.timeframe and c.stretch_utc = s.stretch_utc
    where c.n_closes is distinct from s.n_closes
       or c.lowest_quote is distinct from s.lowest_quote
       or c.highest_quote is distinct from s.highest_quote
       or c.last_seen_at_utc is distinct from s.last_seen_at_utc
),

queue as (
    select
        asset_id,
        timeframe,
        stretch_utc,
        sum(n_closes) over (order by asset_id, timeframe, stretch_utc) - n_closes as n_closes_before
    from stale
),

-- whole stretches only: what is stored of one tells whether it is up to date
due as (
    select asset_id, timeframe, stretch_utc
    from queue
    where n_closes_before < $n_closes
),

fresh as (
    select
        asset_id,
        timeframe,
        open_time_utc,
        median(close_quote) as reference_quote,
        count(*) as n_markets,
        count(distinct exchange) as n_venues,
        min(close_quote) as lowest_quote,
        max(close_quote) as highest_quote,
        case when count(*) > 1 then max(close_quote) / min(close_quote) - 1 end as spread,
        max(first_seen_at_utc) as last_seen_at_utc
    from closes
    semi join due using (asset_id, timeframe, stretch_utc)
    group by all
),

stored as (
    select r.*
    from out.reference_price as r
    join bar_lengths as b on r.timeframe = b.timeframe
    semi join due as s
        on r.asset_id = s.asset_id
       and r.timeframe = s.timeframe
       and date_trunc(b.stretch, r.open_time_utc) = s.stretch_utc
)

select
    coalesce(f.asset_id, s.asset_id) as asset_id,
    coalesce(f.timeframe, s.timeframe) as timeframe,
    coalesce(f.open_time_utc, s.open_time_utc) as open_time_utc,
    f.reference_quote,
    coalesce(f.n_markets, 0) as n_markets,
    f.n_venues,
    f.lowest_quote,
    f.highest_quote,
    f.spread,
    f.last_seen_at_utc,
    (select count(*) from queue where n_closes_before >= $n_closes) as n_stretches_left
from fresh as f
full join stored as s
    on f.asset_id = s.asset_id and f.timeframe = s.timeframe and f.open_time_utc = s.open_time_utc
where f.reference_quote is distinct from s.reference_quote
   or f.n_markets is distinct from s.n_markets
   or f.n_venues is distinct from s.n_venues
   or f.lowest_quote is distinct from s.lowest_quote
   or f.highest_quote is distinct from s.highest_quote
   or f.last_seen_at_utc is distinct from s.last_seen_at_utc
order by asset_id, timeframe, open_time_utc
