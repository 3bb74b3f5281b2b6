-- every gap with its cause and the other series that has the bars
select
    c.asset_id as asset,
    g.market_id as market,
    g.timeframe as bars,
    strftime(g.gap_start_utc, '%Y-%m-%d %H:%M') as missing_from,
    strftime(g.gap_end_utc, '%Y-%m-%d %H:%M') as until,
    g.n_missing as missing,
    g.cause,
    g.detail,
    g.offered_market_id as other_series
from core.gap as g
left join out.coverage as c on g.market_id = c.market_id and g.timeframe = c.timeframe
where $asset_id is null or c.asset_id = $asset_id
order by c.asset_id, g.market_id, g.timeframe, g.gap_start_utc
