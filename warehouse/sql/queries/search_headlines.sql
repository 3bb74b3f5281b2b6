-- the newest relevant headlines, one per story, for the search page
select
    s.title,
    e.url,
    e.outlet,
    s.category,
    s.first_public_at_utc as at_utc
from core.story as s
inner join core.story_entry as se on s.story_id = se.story_id and se.reason = 'first'
inner join core.entry as e on se.entry_id = e.entry_id
where s.is_relevant
order by s.first_public_at_utc desc, s.story_id
limit 4000
