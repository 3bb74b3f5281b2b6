-- an incident stands once
select incident_id, count(*) as n_rows
from core.incident
group by all
having count(*) > 1
