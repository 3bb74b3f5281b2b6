-- markets that are listed, and markets whose candles were refused
select market_id from core.market
union
select regexp_replace(subject_id, ' [^ ]*$', '') from raw.quarantine where table_name = 'core.candle'
order by market_id
