-- no markup in a headline or summary, and links are web addresses
select entry_id, title, url
from core.entry
where regexp_matches(title, '<[A-Za-z/!?]')
   or regexp_matches(coalesce(summary, ''), '<[A-Za-z/!?]')
   or not regexp_matches(coalesce(url, 'https://'), '^https?://')
