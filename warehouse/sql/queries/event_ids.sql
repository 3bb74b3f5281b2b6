-- ids of all events, newest first
select event_id from core.event order by best_at_utc desc, event_id
