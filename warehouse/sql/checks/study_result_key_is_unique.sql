-- a study result stands once
select result_id, count(*) as n_rows
from out.study_result
group by all
having count(*) > 1
