-- missing stretches of every series, from what was asked for to now or its end, with their cause and a series of another venue that has the bars
with bar_lengths as (
    select unnest(['1m', '5m', '1h', '4h', '1d']) as timeframe,
           unnest([60, 300, 3600, 14400, 86400]) as seconds
),

ordered as (
    select
        c.market_id,
        c.timeframe,
        c.open_time_utc,
        lag(c.open_time_utc) over (partition by c.market_id, c.timeframe order by c.open_time_utc) as previous_utc
    from core.candle as c
),

series as (
    select market_id, timeframe, min(open_time_utc) as first_utc, max(open_time_utc) as last_utc
    from core.candle
    group by all
),

-- before the first bar and after the last one, as far as a venue was asked
edges as (
    select
        s.*,
        b.seconds,
        a.reachable_from_utc,
        a.answered_at_utc,
        a.outcome,
        a.detail,
        to_timestamp(ceil(epoch(greatest(a.asked_from_utc, m.listed_at_utc)) / b.seconds) * b.seconds) as wanted_from_utc,
        to_timestamp(floor(epoch(least(a.asked_until_utc, m.delisted_at_utc)) / b.seconds) * b.seconds) as wanted_until_utc
    from series as s
    join ops.asked_series as a on s.market_id = a.market_id and s.timeframe = a.timeframe
    join bar_lengths as b on s.timeframe = b.timeframe
    left join core.market as m on s.market_id = m.market_id
),

edge_gaps as (
    select
        market_id,
        timeframe,
        wanted_from_utc as gap_start_utc,
        first_utc as gap_end_utc,
        case when reachable_from_utc > wanted_from_utc then 'venue_limit' else 'not_listed_yet' end as cause,
        case when reachable_from_utc > wanted_from_utc
            then 'the venue keeps bars from ' || strftime(reachable_from_utc, '%Y-%m-%d %H:%M') || ' on'
            else 'the venue was asked for exactly these bars and has none' end as detail,
        seconds
    from edges
    where wanted_from_utc < first_utc

    union all

    select
        market_id,
        timeframe,
        last_utc + to_seconds(seconds) as gap_start_utc,
        wanted_until_utc as gap_end_utc,
        case when outcome = 'answered' then 'stale' else 'refused' end as cause,
        case when outcome = 'answered'
            then 'the venue answered on ' || strftime(answered_at_utc, '%Y-%m-%d %H:%M') || ' and has no newer bar'
            else coalesce(detail, outcome) end as detail,
        seconds
    from edges
    where last_utc + to_seconds(seconds) < wanted_until_utc
),

holes as (
    select
        o.market_id,
        o.timeframe,
        o.previous_utc + to_seconds(b.seconds) as gap_start_utc,
        o.open_time_utc as gap_end_utc,
        ((epoch(o.open_time_utc) - epoch(o.previous_utc)) / b.seconds)::bigint - 1 as n_missing
    from ordered as o
    join bar_lengths as b on o.timeframe = b.timeframe
    where o.open_time_utc > o.previous_utc + to_seconds(b.seconds)
),

halted as (
    select
        g.market_id,
        g.timeframe,
        g.gap_start_utc,
        min(h.detail) as detail
    from holes as g
    join core.market as m on g.market_id = m.market_id
    join core.venue_halt as h
        on m.exchange = h.exchange
       and h.symbol in ('', m.symbol)
       and h.start_utc < g.gap_end_utc
       and h.end_utc > g.gap_start_utc
    group by all
),

refused as (
    select
        g.market_id,
        g.timeframe,
        g.gap_start_utc,
        count(*) as n_refused
    from holes as g
    join raw.quarantine as q
        on q.subject_id = g.market_id || ' ' || g.timeframe
       and q.reason = 'frozen'
       and q.released_at_utc is null
       and try_cast(json_extract_string(q.payload_json, '$.open_time_utc') as timestamptz) >= g.gap_start_utc
       and try_cast(json_extract_string(q.payload_json, '$.open_time_utc') as timestamptz) < g.gap_end_utc
    group by all
),

offers as (
    select
        g.market_id,
        g.timeframe,
        g.gap_start_utc,
        min(c.market_id) as offered_market_id
    from holes as g
    join core.market as m on g.market_id = m.market_id
    join core.market as other on other.asset_id = m.asset_id and other.market_id <> m.market_id
    join core.candle as c
        on c.market_id = other.market_id
       and c.timeframe = g.timeframe
       and c.open_time_utc = g.gap_start_utc
    group by all
)

select
    g.market_id,
    g.timeframe,
    g.gap_start_utc,
    g.gap_end_utc,
    g.n_missing,
    case
        when g.gap_start_utc >= m.delisted_at_utc then 'delisting'
        when g.gap_end_utc <= m.listed_at_utc then 'not_listed_yet'
        when h.detail is not null then 'halt'
        when r.n_refused is not null then 'frozen'
        else 'source_hole'
    end as cause,
    case
        when g.gap_start_utc >= m.delisted_at_utc then 'the market had ended; ' || coalesce(m.source, 'no source')
        when g.gap_end_utc <= m.listed_at_utc then 'before the documented listing; ' || coalesce(m.source, 'no source')
        when h.detail is not null then h.detail
        when r.n_refused is not null then r.n_refused || ' bars without volume and price change were refused'
        when a.outcome = 'answered' and a.asked_from_utc <= g.gap_start_utc
            then 'the source was asked for exactly these bars and does not have them; cause not documented'
        else 'these bars are not in what was imported, and no venue was asked for them'
    end as detail,
    o.offered_market_id
from holes as g
left join core.market as m on g.market_id = m.market_id
left join ops.asked_series as a on g.market_id = a.market_id and g.timeframe = a.timeframe
left join halted as h on g.market_id = h.market_id and g.timeframe = h.timeframe and g.gap_start_utc = h.gap_start_utc
left join refused as r on g.market_id = r.market_id and g.timeframe = r.timeframe and g.gap_start_utc = r.gap_start_utc
left join offers as o on g.market_id = o.market_id and g.timeframe = o.timeframe and g.gap_start_utc = o.gap_start_utc

union all

select
    e.market_id,
    e.timeframe,
    e.gap_start_utc,
    e.gap_end_utc,
    ((epoch(e.gap_end_utc) - epoch(e.gap_start_utc)) / e.seconds)::bigint as n_missing,
    e.cause,
    e.detail,
    null as offered_market_id
from edge_gaps as e
order by market_id, timeframe, gap_start_utc
