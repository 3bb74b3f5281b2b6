-- the specification under which each event and market, and each event and asset's curve, was last measured
select distinct event_id, market_id as subject_id, spec_sha256
from out.study_result
where study_id = $study_id and group_id = 'event'
union all
select event_id, asset_id as subject_id, spec_sha256
from out.specification_summary
where study_id = $study_id
