{{ config(
    unique_key=['organization_id', 'group_appointment_id'],
    indexes=[
        {'columns': ['organization_id', 'group_appointment_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
    ],
) }}

with source as (
    {{ latest_versions('group_appointments') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as group_appointment_id,
        load_id,
        practitioner_id,
        appointment_type_id,
        business_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,
        starts_at,
        ends_at,
        archived_at,
        deleted_at,

        -- numerics
        max_attendees,

        -- booleans
        gone_at is not null as is_purged
    from source
)

select * from renamed
