-- An organization that is switched off has no access, so its own health is that of one enabled
-- organization.
select
    1 as total_organizations,
    (%(counts)s::json #>> '{contact_metrics,total_contacts}')::bigint as total_contacts,
    (%(counts)s::json #>> '{active_patient_metrics,total_active}')::bigint as total_active_patients,
    asked.data_as_of > asked.as_of - interval '{stale_data_hours} hours' as is_fresh
