-- an event's earliest, best and latest times are in that order, and it does not end before it began
select event_id, earliest_at_utc, best_at_utc, latest_at_utc, ended_at_utc
from core.event
where earliest_at_utc > best_at_utc
   or best_at_utc > latest_at_utc
   or ended_at_utc < earliest_at_utc
