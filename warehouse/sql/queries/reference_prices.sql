-- reference prices of one asset and bar length between two instants, as a person reads them
select
    r.open_time_utc,
    r.asset_id,
    r.timeframe,
    r.reference_quote,
    r.n_venues,
    r.n_markets,
    r.lowest_quote,
    r.highest_quote,
    r.spread
from out.reference_price as r
where r.asset_id = $asset_id
  and r.timeframe = $timeframe
  and r.open_time_utc >= coalesce($start, '-infinity'::timestamptz)
  and r.open_time_utc < coalesce($end, 'infinity'::timestamptz)
order by r.open_time_utc
