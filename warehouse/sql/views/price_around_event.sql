-- the bars of each asset around each event, two days before to seven days after, on the market that stands for the asset
create or replace view out.price_around_event as
select
    e.event_id,
    p.asset_id,
    p.market_id,
    p.timeframe,
    b.open_time_utc at time zone 'UTC' as open_time_utc,
    (b.open_time_utc + l.bar_length) at time zone 'UTC' as close_time_utc,
    epoch(b.open_time_utc + l.bar_length - e.best_at_utc) / 3600 as close_hours_after_event,
    e.best_at_utc >= b.open_time_utc and e.best_at_utc < b.open_time_utc + l.bar_length as is_event_bar,
    b.open_quote / m.contract_multiplier as open_quote,
    b.high_quote / m.contract_multiplier as high_quote,
    b.low_quote / m.contract_multiplier as low_quote,
    b.close_quote / m.contract_multiplier as close_quote,
    b.volume_base * m.contract_multiplier as volume_base
from core.event as e
join out.market_choice as p on e.event_id = p.event_id and p.purpose = 'reaction'
join core.market as m on p.market_id = m.market_id
join (
    values ('1m', interval 1 minute), ('5m', interval 5 minute), ('1h', interval 1 hour), ('4h', interval 4 hour),
        ('1d', interval 1 day)
) as l (timeframe, bar_length) on p.timeframe = l.timeframe
join core.candle as b
    on p.market_id = b.market_id
    and p.timeframe = b.timeframe
    and b.open_time_utc >= e.best_at_utc - interval 48 hour
    and b.open_time_utc < e.best_at_utc + interval 168 hour
