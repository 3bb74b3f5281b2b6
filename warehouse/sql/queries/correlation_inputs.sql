-- One number per table that the correlation step reads: it changes when any value that matters does.
select 'core.candle' as input, count(*) as n_rows,
    coalesce(bit_xor(hash(market_id, timeframe, open_time_utc, high_quote, low_quote, close_quote, volume_base)), 0)::varchar as digest
from core.candle
union all
select 'core.market', count(*), coalesce(bit_xor(hash(market_id, asset_id, exchange)), 0)::varchar from core.market
union all
select 'core.asset', count(*), coalesce(bit_xor(hash(asset_id, role)), 0)::varchar from core.asset
union all
select 'core.observation', count(*),
    coalesce(bit_xor(hash(source_id, asset_id, observed_at_utc, price_quote)), 0)::varchar
from core.observation
union all
select 'core.event', count(*),
    coalesce(bit_xor(hash(event_id, best_at_utc, time_precision, status, category)), 0)::varchar
from core.event
union all
select 'core.entry', count(*),
    coalesce(bit_xor(hash(entry_id, outlet, outlet_kind, published_at_utc, first_seen_at_utc, time_basis)), 0)::varchar
from core.entry
union all
select 'core.story_entry', count(*), coalesce(bit_xor(hash(entry_id, story_id)), 0)::varchar from core.story_entry
union all
select 'core.story', count(*), coalesce(bit_xor(hash(story_id, is_relevant, category)), 0)::varchar from core.story
union all
select 'core.tag', count(*), coalesce(bit_xor(hash(entry_id, tag_id, kind)), 0)::varchar from core.tag
order by input
