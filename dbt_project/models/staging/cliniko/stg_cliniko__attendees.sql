{{ config(
    unique_key=['organization_id', 'attendee_id'],
    indexes=[
        {'columns': ['organization_id', 'attendee_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
        {'columns': ['organization_id', 'booking_id']},
        {'columns': ['organization_id', 'patient_id']},
    ],
) }}

with source as (
    {{ latest_versions('attendees') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as attendee_id,
        load_id,
        booking_id,
        patient_id,
        patient_case_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,
        cancelled_at,
        archived_at,
        deleted_at,

        -- numerics
        cancellation_reason,

        -- booleans
        arrived as has_arrived,
        gone_at is not null as is_purged
    from source
)

select * from renamed
