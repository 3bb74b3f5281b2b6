-- the mean reaction of one category of events under every rule of which events count, or of all categories (null)
select
    replace(group_id, 'category:', '') as category,
    least_severity,
    least_outlets,
    precision,
    origin,
    days_apart,
    masking,
    left_out_event_id,
    n_events,
    n_pairs,
    estimate,
    lower_95,
    upper_95,
    p_value,
    is_headline
from out.inclusion
where $category is null or group_id = 'category:' || $category
order by category, estimate, rule_id
