with businesses as (
    select businesses.*
    from {{ ref('stg_cliniko__businesses') }} as businesses
    inner join {{ ref('int_organizations_touched') }} as organizations
        on organizations.organization_id = businesses.organization_id
),

zones as (
    select name as time_zone from pg_timezone_names
)

select
    businesses.organization_id,
    businesses.business_id,
    coalesce(businesses.display_name, businesses.business_name) as business_name,
    zones.time_zone,
    businesses.is_purged,
    businesses.created_at,
    least(businesses.archived_at, businesses.deleted_at) as removed_at,
    businesses.updated_at
from businesses
left join zones
    on zones.time_zone = businesses.time_zone_identifier
