-- from a stored number to the event and bars it was computed from ($estimation_hours before it on), and where those bars came from
with numbers as (
    select
        s.result_id,
        s.study_id,
        s.statistic,
        s.estimate,
        s.reason,
        s.spec_sha256,
        s.conventions,
        s.event_id,
        s.market_id,
        c.timeframe,
        e.best_at_utc - to_hours(cast($estimation_hours as bigint)) as estimated_from_utc,
        e.best_at_utc + to_hours(cast(s.window_end_hours as bigint)) as until_utc
    from out.study_result as s
    left join core.event as e on s.event_id = e.event_id
    left join out.market_choice as c
        on s.event_id = c.event_id and s.market_id = c.market_id and s.study_id = c.purpose
    where s.result_id = $result_id
)

select
    n.* exclude (estimated_from_utc, until_utc),
    b.source_id,
    b.run_id,
    count(b.open_time_utc) as n_bars,
    min(b.open_time_utc) as first_open_utc,
    max(b.open_time_utc) as last_open_utc,
    min(b.first_seen_at_utc) as first_seen_at_utc
from numbers as n
left join core.candle as b
    on n.market_id = b.market_id
    and n.timeframe = b.timeframe
    and b.open_time_utc >= n.estimated_from_utc
    and b.open_time_utc < n.until_utc
group by all
order by source_id, run_id
