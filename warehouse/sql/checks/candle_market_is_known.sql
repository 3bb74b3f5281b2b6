-- every candle belongs to a market, registered or imported
select distinct c.market_id
from core.candle as c
anti join core.market as m on c.market_id = m.market_id
