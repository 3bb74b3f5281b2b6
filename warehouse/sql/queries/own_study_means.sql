-- what the events of an own study did on average, one row per window, with the test that allows for events in common
select
    window_end_hours as hours,
    max(n) filter (statistic = 'caar') as n_events,
    max(estimate) filter (statistic = 'caar') as mean_beyond_benchmark,
    max(lower_95) filter (statistic = 'caar') as lower_95,
    max(upper_95) filter (statistic = 'caar') as upper_95,
    max(p_value) filter (statistic = 'kp_bmp') as p_kp_bmp,
    max(p_adjusted) filter (statistic = 'kp_bmp') as p_adjusted,
    max(reason) filter (statistic = 'caar') as reason
from out.study_result
where study_id = $study_id and group_id = 'own:' || $study_id
group by window_end_hours
order by window_end_hours
