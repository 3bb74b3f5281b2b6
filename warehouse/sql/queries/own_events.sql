-- events of a study's own file about one of its assets, in the words of core.event
select
    event_id,
    title,
    study_id as category,
    at_utc as earliest_at_utc,
    at_utc as best_at_utc,
    at_utc as latest_at_utc,
    time_precision,
    'statement' as time_basis,
    selected_from,
    'own' as origin,
    'confirmed' as status,
    'of your own study' as reason
from core.study_event
where study_id = $study_id and asset_id = $asset_id
order by at_utc, event_id
