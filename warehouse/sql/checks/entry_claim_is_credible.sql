-- a claimed time lies between 1995 and a day after first sight, and without one only the sight counts
select entry_id, published_at_utc, published_raw, time_basis, first_seen_at_utc
from core.entry
where published_at_utc < timestamptz '1995-01-01 00:00:00+00'
   or published_at_utc > first_seen_at_utc + interval 1 day
   or (published_at_utc is null and time_basis <> 'first_seen')
