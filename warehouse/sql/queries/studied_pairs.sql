-- the specification under which each event and market of a study was last measured or left out
select distinct event_id, market_id, spec_sha256
from out.study_result
where study_id = $study_id and group_id = 'event'
