-- a market that stands for an asset at an event was measured there by the study that chose it
select c.asset_id, c.purpose, c.event_id, c.market_id
from out.market_choice as c
anti join out.study_result as r
    on c.purpose = r.study_id and c.event_id = r.event_id and c.market_id = r.market_id
where c.purpose <> 'record'
