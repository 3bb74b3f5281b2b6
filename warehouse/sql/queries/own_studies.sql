-- a person's own studies: every study of single events but the one that ships, with the events that it measured
select study_id, count(distinct event_id) as n_events
from out.study_result
where group_id = 'event' and study_id not in ('reaction', 'models', 'activity')
group by study_id
order by study_id
