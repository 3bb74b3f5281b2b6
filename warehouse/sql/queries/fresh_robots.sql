-- robots files read at or after an instant, newest first sight last
select
    d.url,
    d.body_zlib
from raw.document as d
join ops.fetch as f on f.source_id = d.source_id and f.detail = d.content_sha256
where d.source_id like 'robots:%'
  and f.attempted_at_utc >= $since
order by f.attempted_at_utc
