-- warning: every shipped event stands at the time it ships with; named are those that corroborated evidence re-dated or widened
select event_id, best_at_utc, earliest_at_utc, time_precision, reason
from core.event
where origin = 'ledger'
  and (contains(reason, '; re-dated from ') or contains(reason, '; widened: '))
order by best_at_utc, event_id
