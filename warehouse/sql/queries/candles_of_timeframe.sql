-- Every stored bar of one timeframe with what returns and volume need, of some markets (null: all whose asset is known).
select c.market_id, c.open_time_utc, c.high_quote, c.low_quote, c.close_quote, c.volume_base
from core.coin_candle as c
inner join core.market as m using (market_id)
where c.timeframe = $timeframe
  and c.superseded_at_utc is null
  and ($market_ids::varchar[] is null or list_contains($market_ids::varchar[], c.market_id))
order by c.market_id, c.open_time_utc
