-- the coverage table as a person reads it: AI tokens first, then benchmarks and the basket; short bars before long ones
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
        case when not c.is_registered then 'unregistered' end
    ) as remarks,
    c.source_ids as source
from out.coverage as c
left join core.asset as a on c.asset_id = a.asset_id
where $asset_id is null or c.asset_id = $asset_id
order by
    coalesce(list_position(['ai_token', 'benchmark', 'basket', 'other'], a.role), 5),
    c.asset_id,
    c.market_id,
    list_position(['1m', '5m', '1h', '4h', '1d'], c.timeframe)
