-- whole bars that passed between an event's first public time and the first abnormal bar of each market
select
    r.study_id,
    r.event_id,
    r.market_id,
    greatest(cast(floor(epoch(r.first_bar_open_utc - e.best_at_utc) / 3600 / r.bar_hours) as bigint), 0) as n_bars
from out.reaction_time as r
inner join core.event as e on r.event_id = e.event_id
where r.first_bar_open_utc is not null
order by r.study_id, r.event_id, r.market_id
