"""The statement behind the list of contacts; who belongs to it, the mart says."""

from typing import LiteralString

from serving.answers import framed, instant

# The order of the list, ascending throughout. Ids are digits: the longer one is the greater.
POSITION: LiteralString = """
    coalesce(-extract(epoch from last_appointment_date), 'Infinity'::numeric),
    length(cliniko_patient_id), cliniko_patient_id collate "C"
"""


def contacts(of_page: LiteralString) -> LiteralString:
    """`of_page` says of a patient's id whether it is on the page: so the planner sees whom to look up."""
    return framed(f"""
    with contacts as materialized (
        -- Only what orders: the visits of each contact are collected for the page alone.
        select cliniko_patient_id, last_appointment_date
        from marts.contacts_with_appointments
        where organization_id = %(organization_id)s
    ),

    following as (
        select ordered.*, row_number() over () as place
        from (
            select *
            from contacts
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
            'contacts_with_appointments', coalesce(
                (
                    select
                        json_agg(
                            json_build_object(
                                'contact_id', contact_id,
                                'name', name,
                                'phone', phone,
                                'email', email,
                                'cliniko_patient_id', cliniko_patient_id,
                                'recent_appointment_count', recent_appointment_count,
                                'upcoming_appointment_count', upcoming_appointment_count,
                                'last_appointment_date', {instant("last_appointment_date")},
                                'recent_appointments', coalesce(
                                    (select by_patient from visits) -> cliniko_patient_id, '[]'::jsonb
                                )
                            )
                            order by place
                        )
                    from marts.contacts_with_appointments as contacts
                    inner join (select cliniko_patient_id, place from page) as places
                        using (cliniko_patient_id)
                    where
                        contacts.organization_id = %(organization_id)s
                        and contacts.cliniko_patient_id {of_page}
                ),
                '[]'::json
            ),
            'total_count', (select count(*) from contacts)
        )::text as body,
        array(select cliniko_patient_id from page order by place) as patient_ids,
        (
            select
                array[
                    coalesce(-extract(epoch from last_appointment_date), 'Infinity'::numeric)::text,
                    cliniko_patient_id
                ]
            from page
            where place = %(limit)s::bigint and exists (select from following where place > %(limit)s::bigint)
        ) as next_key
""")


CONTACTS = contacts("= any(array(select cliniko_patient_id from page))")
ALL_CONTACTS = contacts("is not null")
