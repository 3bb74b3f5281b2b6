-- surely read statements of headlines that no reading reproduces and that are not close to true, the farthest prices first
select c.press_claim_id, c.title, c.url, c.quote
from out.press_verdict as v
join core.press_claim as c on v.press_claim_id = c.press_claim_id
where v.verdict = 'not_supported' and not v.is_near_miss
order by v.gap_share desc nulls last, v.said_at_utc desc, c.press_claim_id
limit 200
