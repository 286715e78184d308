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
    patient.*,
    coalesce(
        (
            select
                json_agg(
                    {Visit} order by starts_at desc, length(visit_id), visit_id
                )
            from (
                select
                    visits.*,
                    types.appointment_type_name,
                    practitioners.practitioner_name
                from marts.visits_as_of as visits
                left join marts.dim_appointment_types as types
                    on
                        types.organization_id = visits.organization_id
                        and types.appointment_type_id = visits.appointment_type_id
                left join marts.dim_practitioners as practitioners
                    on
                        practitioners.organization_id = visits.organization_id
                        and practitioners.practitioner_id = visits.practitioner_id
                where
                    visits.organization_id = %(organization_id)s
                    and visits.patient_id = patient.patient_id
                order by visits.starts_at desc, length(visits.visit_id), visits.visit_id
                limit %(limit)s::integer
            ) as visits
        ),
        '[]'::json
    ) as visits,
    coalesce(
        (
            select json_agg({Outreach} order by occurred_at desc, id)
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
        ),
        '[]'::json
    ) as outreach,
    case
        when
            (
                select %(role)s = any(treatment_note_roles)
                from app.organizations
                where organization_id = %(organization_id)s
            )
            then coalesce(
                (
                    select
                        json_agg(
                            {TreatmentNote}
                            order by
                                noted_at desc, length(treatment_note_id), treatment_note_id
                        )
                    from (
                        select
                            notes.*,
                            practitioners.practitioner_name
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
                        order by
                            notes.noted_at desc,
                            length(notes.treatment_note_id),
                            notes.treatment_note_id
                        limit %(limit)s::integer
                    ) as notes
                ),
                '[]'::json
            )
    end as treatment_notes,
    array[patient.patient_id] as patient_ids
from patient
