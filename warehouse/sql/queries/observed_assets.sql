-- assets of which prices were observed
select distinct asset_id
from core.observation
order by asset_id
