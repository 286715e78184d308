"""The statement behind one patient's page. A merged id leads to the survivor, who has the history of both."""

from typing import LiteralString

from serving.data.framing import framed, instant
from serving.features.reengagement.queries import PATIENT as STANDING

VISITS: LiteralString = f"""
    select
        json_agg(
            json_build_object(
                'id', visit_id,
                'date', {instant("starts_at")},
                'type', appointment_type_name,
                'practitioner', practitioner_name,
                'status', status,
                'booked_at', {instant("created_at")},
                'cancelled_at', {instant("cancelled_at")},
                'is_late_cancellation', is_late_cancellation
            )
            order by starts_at desc, length(visit_id), visit_id
        )
    from (
        select visits.*, types.appointment_type_name, practitioners.practitioner_name
        from marts.visits_as_of as visits
        left join marts.dim_appointment_types as types
            on
                types.organization_id = visits.organization_id
                and types.appointment_type_id = visits.appointment_type_id
        left join marts.dim_practitioners as practitioners
            on
                practitioners.organization_id = visits.organization_id
                and practitioners.practitioner_id = visits.practitioner_id
        where visits.organization_id = %(organization_id)s and visits.patient_id = patient.patient_id
        order by visits.starts_at desc, length(visits.visit_id), visits.visit_id
        limit %(limit)s::integer
    ) as visits
"""

OUTREACH: LiteralString = f"""
    select
        json_agg(
            json_build_object(
                'id', id,
                'date', {instant("occurred_at")},
                'method', method,
                'outcome', outcome,
                'notes', notes,
                'delivered_at', {instant("delivered_at")},
                'opened_at', {instant("opened_at")},
                'logged_at', {instant("logged_at")},
                'logged_by', logged_by
            )
            order by occurred_at desc, id
        )
    from (
        select outreach.*
        from marts.dim_patients as persons
        inner join app.outreach_log as outreach
            on
                outreach.organization_id = persons.organization_id
                and outreach.patient_id = persons.patient_id
        where
            persons.organization_id = %(organization_id)s
            and persons.survivor_patient_id = patient.patient_id
            and outreach.occurred_at <= asked.as_of
        order by outreach.occurred_at desc, outreach.id
        limit %(limit)s::integer
    ) as outreach
"""

TREATMENT_NOTES: LiteralString = f"""
    select
        json_agg(
            json_build_object(
                'id', treatment_note_id,
                'date', {instant("noted_at")},
                'practitioner', practitioner_name,
                'title', title,
                'note', note
            )
            order by noted_at desc, length(treatment_note_id), treatment_note_id
        )
    from (
        select notes.*, practitioners.practitioner_name
        from marts.fct_treatment_notes as notes
        left join marts.dim_practitioners as practitioners
            on
                practitioners.organization_id = notes.organization_id
                and practitioners.practitioner_id = notes.practitioner_id
        where
            notes.organization_id = %(organization_id)s
            and notes.patient_id = patient.patient_id
            and not notes.is_draft
            and notes.noted_at <= asked.as_of
            and (notes.removed_at is null or notes.removed_at > asked.as_of)
        order by notes.noted_at desc, length(notes.treatment_note_id), notes.treatment_note_id
        limit %(limit)s::integer
    ) as notes
"""

PATIENT: LiteralString = framed(f"""
    with patient as materialized (
        select *
        from marts.patient_reengagement_master_view
        where
            organization_id = %(organization_id)s
            and patient_id = (
                select survivor_patient_id
                from marts.dim_patients
                where organization_id = %(organization_id)s and patient_id = %(patient_id)s
            )
    )

    select
        (
            select
                json_build_object(
                    'organization_id', asked.organization_id,
                    'patient', {STANDING},
                    'visits', coalesce(({VISITS}), '[]'::json),
                    'outreach', coalesce(({OUTREACH}), '[]'::json),
                    'treatment_notes', case
                        when (
                            select %(role)s = any(treatment_note_roles)
                            from app.organizations
                            where organization_id = %(organization_id)s
                        ) then coalesce(({TREATMENT_NOTES}), '[]'::json)
                    end,
                    'last_updated', {instant("asked.data_as_of")}
                )
            from patient
        )::text as body,
        array(select patient_id from patient) as patient_ids
""")
