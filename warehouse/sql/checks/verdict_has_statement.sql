-- every verdict says what was measured, or what data would answer it
select claim_id, verdict
from out.claim_verdict
where verdict not in (
    'supported', 'another_reading', 'overstated', 'understated', 'not_supported', 'cannot_be_told'
)
   or (verdict = 'cannot_be_told' and missing_data is null)
   or closest_true_statement = ''
