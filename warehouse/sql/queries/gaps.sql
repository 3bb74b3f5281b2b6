-- missing stretches inside the life of every series, with their cause and a series of another venue that has the bars
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
        else 'the source does not have these bars; cause not documented'
    end as detail,
    o.offered_market_id
from holes as g
left join core.market as m on g.market_id = m.market_id
left join halted as h on g.market_id = h.market_id and g.timeframe = h.timeframe and g.gap_start_utc = h.gap_start_utc
left join refused as r on g.market_id = r.market_id and g.timeframe = r.timeframe and g.gap_start_utc = r.gap_start_utc
left join offers as o on g.market_id = o.market_id and g.timeframe = o.timeframe and g.gap_start_utc = o.gap_start_utc
order by g.market_id, g.timeframe, g.gap_start_utc
