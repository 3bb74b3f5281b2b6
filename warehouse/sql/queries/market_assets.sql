-- assets that a stored market is of, the registry's and others
select asset_id from core.market union select asset_id from core.asset order by asset_id
