-- a dose-response row carries an estimate whose interval holds it, or the reason why it does not
select category, provider, market_id, window_end_hours, dose, estimate, lower_95, upper_95, reason
from out.dose_response
where (estimate is null and reason is null)
   or (estimate is not null and lower_95 is null and reason is null)
   or (lower_95 > upper_95)
