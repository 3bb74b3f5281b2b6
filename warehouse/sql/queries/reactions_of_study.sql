-- reactions, each of one event on one market, that a study has rows of
select count(*) as n_pairs
from (
    select distinct event_id, market_id
    from out.study_result
    where study_id = $study_id and group_id = 'event'
)
