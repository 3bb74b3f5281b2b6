-- an incident does not end before it starts
select incident_id, started_at_utc, resolved_at_utc
from core.incident
where resolved_at_utc < started_at_utc
