-- closes of a study's own files, and the asset of each market
select market_id, asset_id, open_time_utc, close_quote
from core.study_bar
where study_id = $study_id
order by market_id, open_time_utc
