insert into app.audit_log
(
    organization_id,
    id,
    actor,
    session_id,
    role,
    action,
    route,
    patient_ids,
    query,
    outcome,
    request_id
)
select
    views.organization_id,
    views.id,
    views.actor,
    views.session_id,
    views.role,
    'read',
    views.route,
    views.patient_ids,
    views.query,
    views.outcome,
    views.request_id
from jsonb_to_recordset(%(rows)s) as views (
    organization_id text, id uuid, actor text, session_id text, role text, route text,
    patient_ids text[], query jsonb, outcome text, request_id text
)
