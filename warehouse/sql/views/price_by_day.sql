-- what each asset cost at the end of each day, over how many venues, and its move since the day before
create or replace view out.price_by_day as
with days as (
    select
        asset_id,
        cast(open_time_utc at time zone 'UTC' as date) as day_utc,
        reference_quote as close_quote,
        lowest_quote,
        highest_quote,
        n_venues
    from out.reference_price
    where timeframe = '1d'
)

select
    d.asset_id,
    d.day_utc,
    d.close_quote,
    d.close_quote / b.close_quote - 1 as raw_return,
    d.lowest_quote,
    d.highest_quote,
    d.n_venues
from days as d
left join days as b on d.asset_id = b.asset_id and d.day_utc = b.day_utc + 1
