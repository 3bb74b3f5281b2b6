-- closes of the markets that stand for an asset at an event of the study, on the bars they were chosen for
with chosen as (
    select distinct
        market_id,
        timeframe
    from out.market_choice
    where purpose = $study_id
)

select
    c.market_id,
    c.timeframe,
    c.open_time_utc,
    c.close_quote
from core.candle as c
inner join chosen as h on c.market_id = h.market_id and c.timeframe = h.timeframe
order by c.market_id, c.timeframe, c.open_time_utc
