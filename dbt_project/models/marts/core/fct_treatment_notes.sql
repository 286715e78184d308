{{ config(
    patient_column='patient_id',
    served_indexes=['(organization_id, patient_id) include (noted_at, removed_at, is_draft)'],
) }}

with notes as (
    select
        notes.*,
        patients.survivor_patient_id
    from {{ ref('stg_cliniko__treatment_notes') }} as notes
    inner join {{ ref('int_patients_resolved') }} as patients
        on
            patients.organization_id = notes.organization_id
            and patients.patient_id = notes.patient_id
    where not notes.is_purged and not patients.is_forgotten
),

-- jsonpath is lax: content of another shape yields nothing instead of an error
questions as (
    select
        notes.organization_id,
        notes.treatment_note_id,
        sections.place as section_place,
        questions.place as question_place,
        nullif(sections.entry ->> 'name', '') as section,
        nullif(questions.entry ->> 'name', '') as question,
        case
            when jsonb_typeof(questions.entry -> 'answer') in ('string', 'number')
                then case questions.entry ->> 'type'
                    when 'paragraph' then {{ plain_text("questions.entry ->> 'answer'") }}
                    else btrim(questions.entry ->> 'answer')
                end
            else (
                select string_agg(chosen.entry #>> '{}', ', ' order by chosen.place)
                from
                    jsonb_path_query(
                        jsonb_build_array(
                            questions.entry -> 'answers', questions.entry -> 'other'
                        ),
                        '$[*][*] ? (@.selected == true).value'
                    ) with ordinality as chosen (entry, place)
            )
        end as answer
    from notes
    cross join
        lateral jsonb_path_query(notes.content, '$.sections[*]')
        with ordinality as sections (entry, place)
    cross join
        lateral jsonb_path_query(sections.entry, '$.questions[*]')
        with ordinality as questions (entry, place)
),

answered as (
    select
        *,
        row_number() over (
            partition by organization_id, treatment_note_id, section_place order by question_place
        ) = 1 as is_first_of_section
    from questions
    where answer <> ''
),

texts as (
    select
        organization_id,
        treatment_note_id,
        string_agg(
            concat_ws(
                e'\n', case when is_first_of_section then section end,
                concat_ws(': ', question, answer)
            ),
            e'\n' order by section_place, question_place
        ) as note
    from answered
    group by organization_id, treatment_note_id
)

select
    notes.organization_id,
    notes.treatment_note_id,
    notes.survivor_patient_id as patient_id,
    notes.practitioner_id,
    notes.created_at as noted_at,
    notes.title,
    texts.note,
    coalesce(notes.is_draft, false) as is_draft,
    least(notes.archived_at, notes.deleted_at) as removed_at,
    notes.updated_at
from notes
left join texts
    on
        texts.organization_id = notes.organization_id
        and texts.treatment_note_id = notes.treatment_note_id
