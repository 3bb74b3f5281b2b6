-- a study result carries an estimate or a value, or the reason why there is none, never both and never neither
select result_id, statistic, estimate, value, reason
from out.study_result
where (coalesce(estimate, value) is null) = (reason is null)
