select
    performance.*,
    '{}'::text[] as patient_ids
from marts.reengagement_performance_view as performance
where organization_id = %(organization_id)s and timeframe = %(timeframe)s
