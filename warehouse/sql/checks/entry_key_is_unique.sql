-- a headline version stands once
select entry_id, count(*) as n_rows
from core.entry
group by all
having count(*) > 1
