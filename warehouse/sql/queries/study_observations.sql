-- observed prices of some assets inside their lives, as known at $as_of (null: now), each asset's from its busiest source
with known as (
    select o.asset_id, o.source_id, o.observed_at_utc, o.price_quote
    from core.observation as o
    left join core.asset as a on o.asset_id = a.asset_id
    left join ops.run as r on o.run_id = r.run_id
    where list_contains($asset_ids::varchar[], o.asset_id)
      and ($as_of::timestamptz is null or coalesce(o.first_seen_at_utc, r.started_at_utc, 'infinity'::timestamptz) <= $as_of)
      and o.observed_at_utc < coalesce(a.valid_to_utc, 'infinity'::timestamptz)
      and o.observed_at_utc >= coalesce(a.valid_from_utc, '-infinity'::timestamptz)
),

busiest as (
    select asset_id, source_id
    from known
    group by asset_id, source_id
    qualify row_number() over (partition by asset_id order by count(*) desc, source_id) = 1
)

select k.asset_id, k.observed_at_utc, k.price_quote
from known as k
join busiest as b on k.asset_id = b.asset_id and k.source_id = b.source_id
order by k.asset_id, k.observed_at_utc
