-- one event's 24-hour return beyond each expected-return model, by market and model
select
    r.event_id,
    m.asset_id,
    r.market_id,
    replace(r.statistic, 'car:', '') as model,
    r.estimate,
    r.lower_95,
    r.upper_95,
    r.p_value,
    r.n_estimation,
    r.benchmark,
    r.reason
from out.study_result as r
left join core.market as m on r.market_id = m.market_id
where r.study_id = 'models' and r.event_id = $event_id
order by m.asset_id <> 'TAO', m.asset_id, r.market_id, model
