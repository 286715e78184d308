-- depends on every served table and view, so that it runs after all of them and their checks:
{%- for table in [
    ref('dim_organizations'), ref('dim_businesses'), ref('dim_practitioners'),
    ref('dim_appointment_types'), ref('dim_patients'), ref('fct_visits'), ref('fct_contacts'),
    ref('fct_invoices'), ref('fct_patient_cases'), ref('fct_patient_states'),
    ref('int_patients_affected'),
    ref('active_patients'), ref('contacts_with_appointments'), ref('patient_recent_appointments'),
    ref('patient_reengagement_master_view'), ref('organization_counts'), ref('dim_benchmarks'),
    ref('bookings_attributed'), ref('outreach_as_of'), ref('outreach_conversions'),
    ref('reengagement_performance_view'), ref('fct_treatment_notes'), ref('sync_health'),
    ref('reengagement_daily'), ref('dim_channels'), ref('reengagement_trends'),
    ref('channel_daily'), ref('channel_performance'), ref('channel_trends'),
] %}
-- {{ table }}
{%- endfor %}

select organization_id from {{ ref('int_organizations_touched') }}
