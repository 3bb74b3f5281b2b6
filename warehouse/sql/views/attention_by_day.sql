-- attention to AI policy day by day, as a whole and by category, entity and jurisdiction
create or replace view out.attention_by_day as
select
    cast(start_utc at time zone 'UTC' as date) as day_utc,
    kind,
    subject_id,
    attention_index,
    attention_index_lower_95,
    attention_index_upper_95,
    n_headlines,
    expected_headlines,
    n_stories,
    n_outlets,
    is_outcome
from out.attention
where frequency = 'daily'
