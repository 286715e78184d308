"""The statements behind the active-patient routes; who is active, the mart says."""

from typing import LiteralString

from serving.answers import framed, instant

# The order of the list, ascending throughout. Ids are digits: the longer one is the greater.
POSITION: LiteralString = """
    coalesce(-extract(epoch from last_appointment_date), 'Infinity'::numeric),
    length(patient_id), patient_id collate "C"
"""


def active_patients(of_page: LiteralString) -> LiteralString:
    """`of_page` says of a patient's id whether it is on the page: so the planner sees whom to look up."""
    return framed(f"""
    with active as materialized (
        -- Only what orders: the visits of each patient are collected for the page alone.
        select patient_id, last_appointment_date
        from marts.active_patients
        where organization_id = %(organization_id)s
    ),

    following as (
        select ordered.*, row_number() over () as place
        from (
            select *
            from active
            where
                %(after)s::text[] is null
                or ({POSITION}) > (
                    (%(after)s::text[])[1]::numeric,
                    length((%(after)s::text[])[2]), (%(after)s::text[])[2] collate "C"
                )
            order by {POSITION}
            limit %(limit)s::bigint + 1
        ) as ordered
    ),

    page as materialized (
        select * from following where %(limit)s::bigint is null or place <= %(limit)s::bigint
    ),

    -- looked up and not joined: to the planner they are a handful, and a join would collect them for each row
    visits as materialized (
        select jsonb_object_agg(patient_id, recent_appointments) as by_patient
        from marts.patient_recent_appointments
        where organization_id = %(organization_id)s and patient_id {of_page}
    )

    select
        json_build_object(
            'organization_id', asked.organization_id,
            'active_patients', coalesce(
                (
                    select
                        json_agg(
                            json_build_object(
                                'id', id,
                                'contact_id', contact_id,
                                'contact_name', contact_name,
                                'contact_phone', contact_phone,
                                'recent_appointment_count', recent_appointment_count,
                                'upcoming_appointment_count', upcoming_appointment_count,
                                'total_appointment_count', total_appointment_count,
                                'last_appointment_date', {instant("last_appointment_date")},
                                'recent_appointments', (select by_patient from visits) -> patient_id,
                                'created_at', {instant("created_at")},
                                'updated_at', {instant("updated_at")}
                            )
                            order by place
                        )
                    from marts.active_patients as patients
                    inner join (select patient_id, place from page) as places using (patient_id)
                    where
                        patients.organization_id = %(organization_id)s
                        and patients.patient_id {of_page}
                ),
                '[]'::json
            ),
            'total_count', (select count(*) from active)
        )::text as body,
        array(select patient_id from page order by place) as patient_ids,
        (
            select
                array[
                    coalesce(-extract(epoch from last_appointment_date), 'Infinity'::numeric)::text,
                    patient_id
                ]
            from page
            where place = %(limit)s::bigint and exists (select from following where place > %(limit)s::bigint)
        ) as next_key
""")


ACTIVE_PATIENTS = active_patients("= any(array(select patient_id from page))")
ALL_ACTIVE_PATIENTS = active_patients("is not null")

SUMMARY: LiteralString = framed(f"""
    select
        json_build_object(
            'organization_id', asked.organization_id,
            'total_active_patients', count(*),
            'patients_with_recent_appointments', count(*) filter (where recent_appointment_count > 0),
            'patients_with_upcoming_appointments', count(*) filter (where upcoming_appointment_count > 0),
            'last_sync_date', (
                select {instant("max(finished_at)")}
                from app.sync_runs
                where
                    organization_id = %(organization_id)s
                    and status = 'succeeded' and finished_at <= asked.as_of
            ),
            'avg_recent_appointments', coalesce(round(avg(recent_appointment_count), 1), 0.0),
            'avg_total_appointments', coalesce(round(avg(total_appointment_count), 1), 0.0)
        )::text as body,
        '{{}}'::text[] as patient_ids
    from marts.active_patients
    where organization_id = %(organization_id)s
""")
