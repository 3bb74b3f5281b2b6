-- last stored funding rate and open interest of every contract
select market_id, 'funding' as kind, max(funding_time_utc) as last_utc
from core.funding_rate
group by market_id

union all

select market_id, 'open_interest' as kind, max(observed_at_utc) as last_utc
from core.open_interest
group by market_id
