with practitioners as (
    select practitioners.*
    from {{ ref('stg_cliniko__practitioners') }} as practitioners
    inner join {{ ref('int_organizations_touched') }} as organizations
        on organizations.organization_id = practitioners.organization_id
)

select
    organization_id,
    practitioner_id,
    coalesce(display_name, nullif(concat_ws(' ', first_name, last_name), ''))
        as practitioner_name,
    designation,
    coalesce(is_active, true) as is_active,
    updated_at
from practitioners
