-- the stories of headlines with this address, or with these words in their title
select distinct s.story_id
from core.entry as e
inner join core.story_entry as s on e.entry_id = s.entry_id
where e.url = $headline or contains(lower(e.title), lower($headline))
order by s.story_id
limit 20
