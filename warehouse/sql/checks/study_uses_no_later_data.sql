-- a study of an event uses no bar that closes after the data's stated end
with ends as (
    select max(open_time_utc) + interval 1 day as at_utc from core.candle
    union all
    select max(observed_at_utc) + interval 1 day from core.observation
    union all
    select max(open_time_utc) + interval 7 day from core.study_bar
)

select result_id, event_id, data_as_of_utc
from out.study_result
where data_as_of_utc > (select max(at_utc) from ends)
