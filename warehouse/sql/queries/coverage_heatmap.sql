-- per venue and day the share of the bars of an asset, or of all, that is stored: all its series of one bar length together
with bar_lengths as (
    select unnest(['1m', '5m', '1h', '4h', '1d']) as timeframe, unnest([1440, 288, 24, 6, 1]) as n_whole
),

series as (
    select v.market_id, v.timeframe, m.exchange, v.asset_id, v.first_open_utc, b.n_whole
    from out.coverage as v
    join core.market as m on v.market_id = m.market_id
    join bar_lengths as b on v.timeframe = b.timeframe
    where ($asset_id is null or v.asset_id = $asset_id) and v.timeframe = $timeframe
),

days as (
    select unnest(generate_series(
        date_trunc('day', $until_utc::timestamptz) - to_days($n_days - 1), date_trunc('day', $until_utc::timestamptz), interval 1 day
    )) as day_utc
),

present as (
    select c.market_id, date_trunc('day', c.open_time_utc) as day_utc, count(*) as n_present
    from core.candle as c
    semi join series as s on c.market_id = s.market_id
    where c.timeframe = $timeframe
    group by all
)

select
    s.exchange,
    d.day_utc,
    sum(s.n_whole)::bigint as n_expected,
    coalesce(sum(p.n_present), 0)::bigint as n_present,
    coalesce(sum(p.n_present), 0) / sum(s.n_whole) as share
from series as s
cross join days as d
left join present as p on s.market_id = p.market_id and d.day_utc = p.day_utc
where d.day_utc >= date_trunc('day', s.first_open_utc)
group by s.exchange, d.day_utc
order by s.exchange, d.day_utc
