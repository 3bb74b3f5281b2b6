-- bar lengths for which an asset has a reference price
select distinct timeframe
from out.reference_price
where asset_id = $asset_id
order by timeframe
