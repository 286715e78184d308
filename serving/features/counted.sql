with contacts as (
    select
        count(*) as total_contacts,
        count(*) filter (where not is_purged) as cliniko_linked
    from marts.dim_patients
    where
        organization_id = %(organization_id)s
        and not is_merged
        and created_at <= asked.as_of
),

active as (
    select
        count(*) as total_active,
        coalesce(round(avg(recent_appointment_count), 1), 0.0) as avg_recent_appointments,
        max(last_appointment_date) as most_recent_appointment
    from marts.active_patients
    where organization_id = %(organization_id)s
)

select
    contacts.*,
    contacts.total_contacts - contacts.cliniko_linked as unlinked,
    coalesce(
        round(100.0 * contacts.cliniko_linked / nullif(contacts.total_contacts, 0), 1), 0.0
    ) as link_percentage,
    active.*,
    '{}'::text[] as patient_ids
from contacts
cross join active
