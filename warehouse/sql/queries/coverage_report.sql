-- the coverage table as a person reads it: AI tokens first, then benchmarks and the basket; short bars before long ones
with aged as (
    select
        c.*,
        q.answered_at_utc,
        -- the age of a series is counted to when its venue last answered; its cadence is its bar length
        round((epoch(q.answered_at_utc) - epoch(c.last_open_utc)) / 3600, 2) as age_hours,
        case c.timeframe when '1m' then 60 when '5m' then 300 when '1h' then 3600 when '4h' then 14400 else 86400 end / 3600
            as cadence_hours
    from out.coverage as c
    left join ops.asked_series as q on c.market_id = q.market_id and c.timeframe = q.timeframe
)

select
    c.asset_id as asset,
    c.market_id as market,
    c.timeframe as bars,
    strftime(c.first_open_utc, '%Y-%m-%d %H:%M') as first,
    strftime(c.last_open_utc, '%Y-%m-%d %H:%M') as last,
    c.n_expected as expected,
    c.n_present as present,
    c.n_missing as missing,
    c.n_gaps as gaps,
    concat_ws('; ',
        case when c.n_gaps > 0 then c.gap_causes || printf(', longest %g h', c.longest_gap_hours) end,
        c.ended_because,
        case when c.n_zero_volume > 0 then c.n_zero_volume || ' without volume' end,
        case when c.n_revised > 0 then c.n_revised || ' revised' end,
        case when c.n_refused > 0 then c.n_refused || ' refused' end,
        case when c.age_hours > greatest(3 * c.cadence_hours, 1)
            then printf('stale: %g h old when its venue last answered', c.age_hours) end,
        case when not c.is_registered then 'unregistered' end
    ) as remarks,
    c.source_ids as source,
    c.age_hours,
    c.cadence_hours,
    strftime(c.answered_at_utc, '%Y-%m-%d %H:%M') as answered
from aged as c
left join core.asset as a on c.asset_id = a.asset_id
where $asset_id is null or c.asset_id = $asset_id
order by
    coalesce(list_position(['ai_token', 'benchmark', 'basket', 'other'], a.role), 5),
    c.asset_id,
    c.market_id,
    list_position(['1m', '5m', '1h', '4h', '1d'], c.timeframe)
