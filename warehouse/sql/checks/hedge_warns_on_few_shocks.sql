-- a hedge value from fewer than ten shocks says so
select shock, market_id, funded_from, weight, window_end_hours, n_events
from out.hedge
where n_events < 10 and reason is null
