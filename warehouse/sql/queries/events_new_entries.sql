-- headlines that belong to no story yet
select e.*
from core.entry as e
anti join core.story_entry as s on e.entry_id = s.entry_id
order by e.entry_id
