-- every stored wording of the given feeds or imported collections
select
    e.feed_id,
    e.guid,
    e.title,
    e.title_version
from core.entry as e
where e.feed_id in (select unnest($feed_ids))
