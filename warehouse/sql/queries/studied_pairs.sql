-- the fingerprints under which each event was last measured: of its markets, and of its assets' specification curves
select distinct event_id, spec_sha256
from out.study_result
where study_id = $study_id and group_id = 'event'
union
select event_id, spec_sha256
from out.specification_summary
where study_id = $study_id
