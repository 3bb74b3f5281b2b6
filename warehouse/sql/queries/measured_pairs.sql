-- Which events have results on which market.
select distinct market_id, event_id
from out.study_result
where event_id is not null and market_id is not null
order by market_id, event_id
