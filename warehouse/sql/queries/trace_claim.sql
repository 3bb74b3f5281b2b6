-- from a verdict to each reading of it, the market and stretch that was measured, and where those bars came from
with readings as (
    select
        v.verdict,
        v.measured,
        r.reading_id,
        r.weight,
        r.value,
        r.unit,
        r.market_id,
        v.timeframe,
        to_seconds(
            cast(left(v.timeframe, -1) as bigint)
            * case right(v.timeframe, 1) when 'm' then 60 when 'h' then 3600 when 'd' then 86400 else 604800 end
        ) as bar_length,
        r.from_utc,
        r.to_utc
    from out.claim_verdict as v
    join out.claim_reading as r on v.claim_id = r.claim_id
    where v.claim_id = $claim_id
)

select
    r.* exclude (bar_length),
    b.source_id,
    b.run_id,
    count(b.open_time_utc) as n_bars,
    min(b.open_time_utc) as first_open_utc,
    max(b.open_time_utc) as last_open_utc,
    min(b.first_seen_at_utc) as first_seen_at_utc
from readings as r
left join core.candle as b
    on r.market_id = b.market_id
    and r.timeframe = b.timeframe
    and b.open_time_utc >= r.from_utc - r.bar_length
    and b.open_time_utc < r.to_utc
group by all
order by reading_id, source_id, run_id
