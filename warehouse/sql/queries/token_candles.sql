-- bars of one and four hours of the AI tokens and the benchmark, all years; absent four-hour bars joined from whole hours
with stored as (
    select
        a.asset_id,
        c.market_id,
        c.timeframe,
        c.open_time_utc,
        c.high_quote,
        c.low_quote,
        c.close_quote,
        c.volume_base
    from core.candle as c
    inner join core.market as m on c.market_id = m.market_id
    inner join core.asset as a on m.asset_id = a.asset_id
    where (a.role = 'ai_token' or a.asset_id = $benchmark)
      and c.timeframe in ('1h', '4h')
      and c.open_time_utc < coalesce(least(a.valid_to_utc, m.delisted_at_utc), 'infinity'::timestamptz)
),

joined as (
    select
        asset_id,
        market_id,
        '4h' as timeframe,
        time_bucket(interval 4 hours, open_time_utc) as open_time_utc,
        max(high_quote) as high_quote,
        min(low_quote) as low_quote,
        arg_max(close_quote, open_time_utc) as close_quote,
        sum(volume_base order by open_time_utc) as volume_base
    from stored
    where timeframe = '1h'
    group by asset_id, market_id, time_bucket(interval 4 hours, open_time_utc)
    having count(*) = 4
)

select * from stored
union all
select j.* from joined as j
anti join stored as s
    on j.market_id = s.market_id and j.timeframe = s.timeframe and j.open_time_utc = s.open_time_utc
order by market_id, timeframe, open_time_utc
