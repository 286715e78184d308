-- What the order of the call list goes by, ascending throughout. Ids are digits: the longer one is
-- the greater.
select
    patient_id,
    engagement_status,
    risk_level,
    action_priority,
    -coalesce(risk_score, -1) as score_rank,
    coalesce(-lifetime_value, 'Infinity'::numeric) as value_rank,
    length(patient_id) as digits
from patients
