-- coefficients of the regressions over events: one kind (null: all), one subject such as outage or TAO:outage (null: all)
select
    split_part(group_id, ':', 2) as kind,
    array_to_string(string_split(group_id, ':')[3:], ':') as subject,
    statistic as term,
    window_start_hours as from_hours,
    window_end_hours as to_hours,
    estimate,
    standard_error,
    lower_95,
    upper_95,
    value,
    p_value,
    p_adjusted,
    n,
    n_effective,
    reason
from out.study_result
where starts_with(group_id, 'regression:')
  and ($kind is null or split_part(group_id, ':', 2) = $kind)
  and ($subject is null or array_to_string(string_split(group_id, ':')[3:], ':') = $subject)
order by kind, subject, term, from_hours, to_hours
