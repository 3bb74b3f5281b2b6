-- per series: first and last bar, expected and present bars, missing stretches, refused bars and why it ends
with series as (
    select
        c.market_id,
        c.timeframe,
        min(c.open_time_utc) as first_open_utc,
        max(c.open_time_utc) as last_open_utc,
        count(*) as n_present,
        count(*) filter (c.volume_base = 0) as n_zero_volume,
        count(*) filter (c.is_revised) as n_revised,
        string_agg(distinct c.source_id, ', ' order by c.source_id) as source_ids
    from core.candle as c
    group by all
),

expected as (
    select
        s.*,
        ((epoch(s.last_open_utc) - epoch(s.first_open_utc))
            // case s.timeframe when '1m' then 60 when '5m' then 300 when '1h' then 3600 when '4h' then 14400 else 86400 end
        )::bigint + 1 as n_expected
    from series as s
),

holes as (
    select
        g.market_id,
        g.timeframe,
        count(*) as n_gaps,
        max(epoch(g.gap_end_utc) - epoch(g.gap_start_utc)) / 3600 as longest_gap_hours,
        string_agg(distinct g.cause, ', ' order by g.cause) as gap_causes,
        -- bars before a market was listed are not expected of it
        sum(g.n_missing) filter (
            g.cause <> 'not_listed_yet' and (g.gap_end_utc <= s.first_open_utc or g.gap_start_utc > s.last_open_utc)
        ) as n_beyond
    from core.gap as g
    join series as s on g.market_id = s.market_id and g.timeframe = s.timeframe
    group by all
),

refusals as (
    select
        subject_id,
        count(*) as n_refused,
        count(*) filter (reason = 'frozen') as n_frozen,
        min(try_cast(json_extract_string(payload_json, '$.open_time_utc') as timestamptz)) filter (reason = 'frozen')
            as frozen_from_utc
    from raw.quarantine
    where table_name = 'core.candle' and released_at_utc is null
    group by all
)

select
    e.market_id,
    e.timeframe,
    coalesce(m.asset_id, regexp_extract(e.market_id, ':([^/:]+)/', 1)) as asset_id,
    e.first_open_utc,
    e.last_open_utc,
    (e.n_expected + coalesce(h.n_beyond, 0))::bigint as n_expected,
    e.n_present,
    (e.n_expected + coalesce(h.n_beyond, 0) - e.n_present)::bigint as n_missing,
    coalesce(h.n_gaps, 0) as n_gaps,
    coalesce(h.longest_gap_hours, 0)::double as longest_gap_hours,
    h.gap_causes,
    e.n_zero_volume,
    e.n_revised,
    coalesce(r.n_refused, 0) as n_refused,
    case
        when m.delisted_at_utc is not null then strftime(m.delisted_at_utc, 'delisted %Y-%m-%d %H:%M')
        when r.n_frozen > 0 and r.frozen_from_utc >= e.last_open_utc
            then strftime(r.frozen_from_utc, 'frozen since %Y-%m-%d %H:%M')
    end as ended_because,
    coalesce(m.is_registered, false) as is_registered,
    e.source_ids
from expected as e
left join core.market as m on e.market_id = m.market_id
left join holes as h on e.market_id = h.market_id and e.timeframe = h.timeframe
left join refusals as r on r.subject_id = e.market_id || ' ' || e.timeframe
order by asset_id, e.market_id, e.timeframe
