-- a study of an event uses no bar that closes after the data's stated end
select result_id, event_id, data_as_of_utc
from out.study_result
where data_as_of_utc > (select max(open_time_utc) + interval 1 day from core.candle)
