-- why events of an own study have no result at all, with how many
select reason, count(distinct event_id) as n_events
from out.study_exclusion
where study_id = $study_id
group by reason
order by n_events desc, reason
