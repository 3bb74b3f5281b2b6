-- funding rates of perpetual contracts, of some markets (null: all), as far as they had been seen at $as_of (null: now)
select market_id, funding_time_utc, funding_rate
from core.funding_rate
where first_seen_at_utc <= coalesce($as_of, 'infinity'::timestamptz)
  and ($market_ids::varchar[] is null or list_contains($market_ids::varchar[], market_id))
order by market_id, funding_time_utc
