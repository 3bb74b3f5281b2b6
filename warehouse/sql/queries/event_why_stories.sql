-- the stories of headlines with this address, or with all of these words in their title
select distinct s.story_id
from core.entry as e
inner join core.story_entry as s on e.entry_id = s.entry_id
where e.url = $headline or list_bool_and([contains(lower(e.title), w) for w in string_split(lower($headline), ' ')])
order by s.story_id
limit 20
