-- averages, tests and abnormal trading of one category of events over one window, or of all categories (null)
select
    replace(group_id, 'category:', '') as category,
    window_end_hours as hours,
    statistic,
    estimate,
    lower_95,
    upper_95,
    value,
    p_value,
    p_adjusted,
    n,
    n_effective,
    mean_residual_correlation as rbar,
    reason
from out.study_result
where starts_with(group_id, 'category:')
  and ($category is null or group_id = 'category:' || $category)
  and ($hours is null or window_end_hours = $hours)
order by category, hours, statistic <> 'caar', statistic <> 'kp_bmp', statistic
