-- every stored wording of the given guids, so that only new wordings become rows
select
    e.feed_id,
    e.guid,
    e.title,
    e.title_version
from core.entry as e
where e.feed_id in (select unnest($feed_ids))
  and e.guid in (select unnest($guids))
