-- what each AI token did after each event, per window, beside the reason where a number is absent
create or replace view out.event_reaction as
with measured as (
    select
        r.event_id,
        m.asset_id,
        r.market_id,
        c.timeframe,
        r.window_end_hours as window_hours,
        max(r.estimate) filter (r.statistic = 'raw_return') as raw_return,
        max(r.estimate) filter (r.statistic = 'expected_return') as expected_return,
        max(r.estimate) filter (r.statistic = 'car') as abnormal_return,
        max(r.lower_95) filter (r.statistic = 'car') as abnormal_return_lower_95,
        max(r.upper_95) filter (r.statistic = 'car') as abnormal_return_upper_95,
        max(r.n_estimation) filter (r.statistic = 'car') as n_estimation,
        cast(max(r.value) filter (r.statistic = 'placebo_rank') as bigint) as n_as_large,
        max(r.n) filter (r.statistic = 'placebo_rank') as n_placebo,
        max(r.n_effective) filter (r.statistic = 'placebo_rank') as n_placebo_independent,
        max(r.p_value) filter (r.statistic = 'placebo_rank') as p_placebo,
        max(r.p_adjusted) filter (r.statistic = 'placebo_rank') as p_placebo_adjusted,
        max(r.benchmark) filter (r.statistic = 'car') as benchmark,
        coalesce(
            max(r.reason) filter (r.statistic = 'raw_return'),
            max(r.reason) filter (r.statistic = 'car'),
            max(r.reason) filter (r.statistic = 'placebo_rank')
        ) as reason,
        max(r.data_as_of_utc) as data_as_of_utc
    from out.study_result as r
    join core.market as m on r.market_id = m.market_id
    join out.market_choice as c
        on r.event_id = c.event_id and r.market_id = c.market_id and m.asset_id = c.asset_id and c.purpose = 'reaction'
    where r.study_id = 'reaction'
      and r.group_id = 'event'
      and r.window_start_hours = 0
      and r.statistic in ('raw_return', 'expected_return', 'car', 'placebo_rank')
    group by all
),

left_out as (
    select
        x.event_id,
        m.asset_id,
        min_by(x.reason, (x.reason like 'not needed%', x.reason like '%begins after%', x.market_id)) as reason
    from out.study_exclusion as x
    join core.market as m on x.market_id = m.market_id
    where x.study_id = 'reaction' and x.reason not like '% window: %'
    group by all
),

all_out as (
    select event_id, min(reason) as reason
    from out.study_exclusion
    where study_id = 'reaction' and market_id = 'all markets'
    group by all
),

-- of the tables and not of `measured` and `left_out`: a part that is used twice is made whole, whatever event is asked for
studied as (
    select asset_id from out.market_choice where purpose = 'reaction'
    union
    select m.asset_id
    from out.study_exclusion as x
    join core.market as m on x.market_id = m.market_id
    where x.study_id = 'reaction' and x.reason not like '% window: %'
),

windows as (
    select distinct window_end_hours as window_hours
    from out.study_result
    where study_id = 'reaction' and group_id = 'event' and window_start_hours = 0 and statistic = 'raw_return'
),

told as (
    select
        e.event_id,
        e.title as event_title,
        e.category,
        e.best_at_utc at time zone 'UTC' as event_at_utc,
        e.time_precision,
        e.selected_from,
        a.asset_id,
        w.window_hours,
        x.* exclude (event_id, asset_id, window_hours, reason, data_as_of_utc),
        x.data_as_of_utc at time zone 'UTC' as data_as_of_utc,
        case
            when x.market_id is not null then x.reason
            when e.origin = 'incident' then 'outages are studied by severity and kind, not one by one'
            when s.asset_id is null then a.asset_id || ' is not in the study'
            else coalesce(o.reason, l.reason, 'no market of ' || a.asset_id || ' has bars at the event')
        end as reason
    from core.event as e
    cross join (select asset_id from core.asset where role = 'ai_token') as a
    cross join windows as w
    left join measured as x on e.event_id = x.event_id and a.asset_id = x.asset_id and w.window_hours = x.window_hours
    left join left_out as l on e.event_id = l.event_id and a.asset_id = l.asset_id
    left join all_out as o on e.event_id = o.event_id
    left join studied as s on a.asset_id = s.asset_id
    where e.status <> 'rejected'
)

select
    event_id,
    event_title,
    category,
    event_at_utc,
    time_precision,
    selected_from,
    asset_id,
    window_hours,
    market_id,
    timeframe,
    raw_return,
    expected_return,
    abnormal_return,
    abnormal_return_lower_95,
    abnormal_return_upper_95,
    n_estimation,
    n_as_large,
    n_placebo,
    n_placebo_independent,
    p_placebo,
    p_placebo_adjusted,
    benchmark,
    case
        when reason is null then null
        when reason like '%not a whole number of%' then 'window_is_no_whole_bars'
        when reason like '%missing%inside%' then 'bar_missing'
        when reason like 'the%record ends at%' then 'record_ends_in_window'
        when reason like '%ends before the event%' then 'record_ends_before_event'
        when reason like '%begins after the event%' then 'record_begins_after_event'
        when reason like '%usable%bars in the%' then 'too_few_bars'
        when reason like '%because the price moved%' then 'chosen_by_price'
        when reason like 'date only%' then 'date_only'
        when reason like '%no close in the bar before%' then 'no_close_before_event'
        when reason like 'no placebo window%' then 'no_placebo'
        when reason like 'not needed%' then 'other_market_stands'
        when reason like 'no market of%' then 'no_bars'
        when reason like 'outages are%' then 'studied_by_kind'
        when reason like '%is not in the study' then 'not_studied'
        else 'other'
    end as reason_code,
    reason,
    data_as_of_utc
from told
