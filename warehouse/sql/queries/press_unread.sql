-- headlines whose publisher says when, that were not read yet by this reader or were judged before the tape reached them
with dated as (
    select
        e.entry_id,
        e.outlet,
        e.title,
        e.url,
        e.run_id,
        case
            when e.title_version = 1 then e.published_at_utc
            else greatest(e.published_at_utc, e.first_seen_at_utc)
        end as said_at_utc
    from core.entry as e
    where e.published_at_utc is not null and e.time_basis in ('publisher', 'statement')
),

-- sections and mirrors of an outlet carry one headline several times
printed as (
    select *
    from dated
    qualify row_number() over (partition by outlet, title order by said_at_utc, entry_id) = 1
)

select p.entry_id, p.outlet, p.title, p.url, p.said_at_utc
from printed as p
left join core.press_headline as h on p.entry_id = h.entry_id
left join ops.run as r on p.run_id = r.run_id
where ($is_archive or h.entry_id is not null or r.command = 'run')
  and (
      $is_again
      or h.entry_id is null
      or ($is_archive and h.reader_sha256 <> $reader_sha256)
      or (h.n_statements > 0 and h.said_at_utc > h.data_as_of_utc and h.data_as_of_utc < $data_as_of::timestamptz)
  )
order by p.said_at_utc, p.entry_id
