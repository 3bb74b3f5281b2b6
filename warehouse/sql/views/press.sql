-- what each headline says about a price, beside what the tape shows; a reason where it was not judged
create or replace view out.press as
select
    c.press_claim_id,
    c.entry_id,
    c.outlet,
    c.said_at_utc at time zone 'UTC' as said_at_utc,
    c.title as headline,
    c.quote,
    c.asset_id,
    c.kind,
    v.verdict as verdict_code,
    v.measured,
    v.closest_true_statement,
    v.market_id,
    case
        when not c.is_sure then 'reading_not_sure'
        when v.press_claim_id is null then 'not_judged'
        when v.reason is not null then 'cannot_be_told'
    end as reason_code,
    case
        when not c.is_sure then 'the words can be read in more than one way'
        when v.press_claim_id is null then 'not judged yet'
        else v.reason
    end as reason,
    c.url,
    v.data_as_of_utc at time zone 'UTC' as data_as_of_utc
from core.press_claim as c
left join out.press_verdict as v on c.press_claim_id = v.press_claim_id
