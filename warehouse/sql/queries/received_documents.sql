-- what was received and whether its bytes are kept, in the order of the runs
select
    d.run_id,
    d.source_id,
    d.content_sha256,
    d.url,
    d.body_zlib is not null as is_kept
from raw.document as d
left join ops.run as r on d.run_id = r.run_id
where not starts_with(d.source_id, 'robots:')
order by coalesce(r.started_at_utc, min(d.fetched_at_utc) over (partition by d.run_id)), d.run_id, d.fetched_at_utc, d.url
