-- the verdict on each claim, with the market, the bars and the run that it rests on
create or replace view out.verdict as
with judged as (
    select
        claim_id,
        arg_max(run_id, judged_at_utc) as run_id,
        max(judged_at_utc) as judged_at_utc,
        count(*) as n_verdicts
    from out.claim_history
    group by all
)

select
    v.claim_id,
    v.episode,
    v.quote,
    v.said_at_utc at time zone 'UTC' as said_at_utc,
    v.verdict as verdict_code,
    case v.verdict
        when 'another_reading' then 'another reading'
        when 'not_supported' then 'not supported'
        when 'cannot_be_told' then 'cannot be told'
        else v.verdict
    end as verdict,
    v.measured,
    v.measured_value,
    v.claimed_value,
    v.unit,
    v.closest_true_statement,
    v.venue as market_id,
    v.timeframe,
    v.window_from_utc at time zone 'UTC' as window_from_utc,
    v.window_to_utc at time zone 'UTC' as window_to_utc,
    v.n_as_large,
    v.n_placebo,
    v.offer,
    v.warning,
    v.missing_data as reason,
    j.run_id,
    j.judged_at_utc at time zone 'UTC' as judged_at_utc,
    j.n_verdicts,
    v.data_as_of_utc at time zone 'UTC' as data_as_of_utc
from out.claim_verdict as v
left join judged as j on v.claim_id = j.claim_id
