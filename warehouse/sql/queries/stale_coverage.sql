-- series whose stored and refused bars are not those that out.coverage was computed from
with stored as (
    select
        c.market_id,
        c.timeframe,
        min(c.open_time_utc) as first_open_utc,
        max(c.open_time_utc) as last_open_utc,
        count(*) as n_present,
        count(*) filter (c.is_revised) as n_revised
    from core.candle as c
    group by all
),

refused as (
    select subject_id, count(*) as n_refused
    from raw.quarantine
    where table_name = 'core.candle' and released_at_utc is null
    group by all
)

select coalesce(s.market_id, v.market_id) as market_id, coalesce(s.timeframe, v.timeframe) as timeframe
from stored as s
full join out.coverage as v on s.market_id = v.market_id and s.timeframe = v.timeframe
left join refused as r on r.subject_id = s.market_id || ' ' || s.timeframe
where s.first_open_utc is distinct from v.first_open_utc
   or s.last_open_utc is distinct from v.last_open_utc
   or s.n_present is distinct from v.n_present
   or s.n_revised is distinct from v.n_revised
   or coalesce(r.n_refused, 0) is distinct from v.n_refused

union all

-- a warehouse of an earlier version has bars and no reference price yet
select v.market_id, v.timeframe
from out.coverage as v
join core.market as m on v.market_id = m.market_id
join core.asset as a on m.asset_id = a.asset_id
where a.role in ('ai_token', 'benchmark')
  and m.is_registered
  and m.quote in ('USDT', 'USD', 'USDC')
  and not exists (select 1 from out.reference_price)
order by all
