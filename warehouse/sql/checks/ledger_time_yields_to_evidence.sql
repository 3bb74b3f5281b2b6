-- warning: every shipped event stands as it ships; named are those that evidence re-dated, widened, or recounted by its houses
select event_id, best_at_utc, earliest_at_utc, time_precision, reason
from core.event
where origin = 'ledger'
  and (contains(reason, '; re-dated from ') or contains(reason, '; widened: ') or contains(reason, '; recounted: '))
order by best_at_utc, event_id
