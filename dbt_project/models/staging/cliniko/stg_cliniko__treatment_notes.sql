{{ config(
    unique_key=['organization_id', 'treatment_note_id'],
    indexes=[
        {'columns': ['organization_id', 'treatment_note_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
        {'columns': ['organization_id', 'patient_id']},
    ],
) }}

with source as (
    {{ latest_versions('treatment_notes') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as treatment_note_id,
        load_id,
        patient_id,
        practitioner_id,
        booking_id,
        attendee_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,
        finalized_at,
        archived_at,
        deleted_at,

        -- text
        nullif(title, '') as title,

        -- json
        content,

        -- booleans
        draft as is_draft,
        gone_at is not null as is_purged
    from source
)

select * from renamed
