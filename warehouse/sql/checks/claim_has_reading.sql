-- every verdict rests on at least one decisive reading, and every reading belongs to a claim
select v.claim_id, 'verdict without a decisive reading' as problem
from out.claim_verdict as v
where not exists (select 1 from out.claim_reading as r where r.claim_id = v.claim_id and r.weight = 'decisive')
union all
select r.claim_id, 'reading without a claim' as problem
from out.claim_reading as r
where not exists (select 1 from core.claim as c where c.claim_id = r.claim_id)
