-- a superseded value belongs to a stored candle, and was believed before it was superseded
select r.market_id, r.timeframe, r.open_time_utc, r.first_seen_at_utc, r.superseded_at_utc
from core.candle_revision as r
left join core.candle as c
    on r.market_id = c.market_id and r.timeframe = c.timeframe and r.open_time_utc = c.open_time_utc
where r.superseded_at_utc < r.first_seen_at_utc
   or (c.market_id is null and not exists (
        select 1 from raw.quarantine as q where q.subject_id = r.market_id || ' ' || r.timeframe
   ))
