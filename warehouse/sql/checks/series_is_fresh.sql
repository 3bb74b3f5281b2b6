-- warning: every series that a live venue has answered for has bars up to two lengths before it was last asked
with bar_lengths as (
    select unnest(['1m', '5m', '1h', '4h', '1d']) as timeframe, unnest([60, 300, 3600, 14400, 86400]) as seconds
)

select
    a.market_id,
    a.timeframe,
    c.last_open_utc,
    a.asked_until_utc,
    floor((epoch(a.asked_until_utc) - epoch(c.last_open_utc)) / b.seconds)::bigint - 1 as n_bars_behind
from ops.asked_series as a
join out.coverage as c on a.market_id = c.market_id and a.timeframe = c.timeframe
join bar_lengths as b on a.timeframe = b.timeframe
left join core.market as m on a.market_id = m.market_id
where a.answered_at_utc is not null
  and m.delisted_at_utc is null
  -- a venue leaves out bars in which nothing traded: short bars may be an hour behind
  and epoch(a.asked_until_utc) - epoch(c.last_open_utc) > greatest(3 * b.seconds, 3600)
order by all
