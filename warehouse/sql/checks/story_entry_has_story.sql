-- every grouped headline belongs to a story that is on record, and is stored itself
select l.entry_id, l.story_id
from core.story_entry as l
left join core.story as t on l.story_id = t.story_id
left join core.entry as e on l.entry_id = e.entry_id
where t.story_id is null
   or e.entry_id is null
