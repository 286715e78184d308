with appointment_types as (
    select appointment_types.*
    from {{ ref('stg_cliniko__appointment_types') }} as appointment_types
    inner join {{ ref('int_organizations_touched') }} as organizations
        on organizations.organization_id = appointment_types.organization_id
)

select
    organization_id,
    appointment_type_id,
    name as appointment_type_name,
    category,
    duration_in_minutes as duration_minutes,
    archived_at,
    updated_at
from appointment_types
