-- from a verdict's readings or a stored number ($key) to the bars it was computed from, and where those came from
with result as (
    select
        *,
        coalesce((select any_value(c.purpose) from out.market_choice as c where c.purpose = r.study_id), 'reaction') as purpose
    from out.study_result as r
    where result_id = $key
),

-- what a number is about: its own event, those of its kind, or those of a person's own file
dated as (
    select e.event_id, e.best_at_utc as at_utc, null as own_study_id, null as own_market_id
    from core.event as e
    join result as s on e.event_id = s.event_id or s.event_id is null and s.group_id = 'category:' || e.category
    where e.event_id = s.event_id or e.status <> 'rejected'
    union all
    select e.event_id, e.at_utc, e.study_id, 'own:' || e.asset_id
    from core.study_event as e
    join result as s on e.study_id = s.study_id and (e.event_id = s.event_id or s.event_id is null)
),

stretches as (
    select
        r.reading_id as what,
        r.value,
        r.unit,
        r.detail,
        v.missing_data as reason,
        v.spec_sha256,
        null as event_id,
        null as own_study_id,
        r.market_id,
        v.timeframe,
        -- from the bar on whose close the stretch starts from
        r.from_utc - to_seconds(
            cast(left(v.timeframe, -1) as bigint)
            * case right(v.timeframe, 1) when 'm' then 60 when 'h' then 3600 when 'd' then 86400 else 604800 end
        ) as from_utc,
        r.to_utc as until_utc
    from out.claim_verdict as v
    join out.claim_reading as r on v.claim_id = r.claim_id
    where v.claim_id = $key
    union all
    select
        s.statistic as what,
        coalesce(s.estimate, s.value) as value,
        null as unit,
        s.conventions as detail,
        s.reason,
        s.spec_sha256,
        d.event_id,
        d.own_study_id,
        coalesce(s.market_id, c.market_id, d.own_market_id) as market_id,
        c.timeframe,
        d.at_utc - to_seconds(cast($estimation_hours as double) * 3600) as from_utc,
        d.at_utc + to_seconds(s.window_end_hours * 3600) as until_utc
    from result as s
    left join dated as d on true
    left join out.market_choice as c
        on d.event_id = c.event_id
        and d.own_study_id is null
        and s.purpose = c.purpose
        and (s.market_id is null or s.market_id = c.market_id)
),

-- a market that was chosen for no asset, as a benchmark's, speaks by its finest bars
windows as (
    select
        s.* exclude (timeframe),
        case
            when s.own_study_id is not null or starts_with(s.market_id, 'observed:') then null
            else coalesce(s.timeframe, (
                select c.timeframe
                from core.candle as c
                where c.market_id = s.market_id and c.open_time_utc >= s.from_utc and c.open_time_utc < s.until_utc
                group by c.timeframe
                order by count(*) desc
                limit 1
            ))
        end as timeframe
    from stretches as s
),

bars as (
    select market_id, timeframe, null as own_study_id, open_time_utc, source_id, run_id, first_seen_at_utc
    from core.candle
    union all
    select 'observed:' || asset_id || '/USD', null, null, observed_at_utc, source_id, run_id, first_seen_at_utc
    from core.observation
    union all
    select market_id, null, study_id, open_time_utc, source_id, run_id, null
    from core.study_bar
)

select
    w.what,
    w.value,
    w.unit,
    w.reason,
    w.detail,
    w.spec_sha256,
    count(distinct w.event_id) as n_events,
    case when count(distinct w.market_id) = 1 then any_value(w.market_id) end as market_id,
    w.timeframe,
    min(w.from_utc) as from_utc,
    max(w.until_utc) as until_utc,
    b.source_id,
    b.run_id,
    count(distinct case when b.open_time_utc is not null then (b.market_id, b.open_time_utc) end) as n_bars,
    min(b.open_time_utc) as first_open_utc,
    max(b.open_time_utc) as last_open_utc,
    min(b.first_seen_at_utc) as first_seen_at_utc
from windows as w
left join bars as b
    on w.market_id = b.market_id
    and w.timeframe is not distinct from b.timeframe
    and w.own_study_id is not distinct from b.own_study_id
    and b.open_time_utc >= w.from_utc
    and b.open_time_utc < w.until_utc
group by w.what, w.value, w.unit, w.reason, w.detail, w.spec_sha256, w.timeframe, b.source_id, b.run_id
order by w.what, w.timeframe, b.source_id, b.run_id
