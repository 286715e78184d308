{% macro latest_versions(feed) -%}
{%- set versions = source('cliniko', feed) -%}
with readable as (
    select
        versions.*
    from {{ versions }} as versions
    inner join {{ source('app', 'loads') }} as loads
        on
            loads.organization_id = versions.organization_id
            and loads.load_id = versions._dlt_load_id
            and loads.frozen_at is not null
    {%- if is_incremental() %}
    where (versions.organization_id, versions.id) in (
        select
            touched.organization_id,
            touched.id
        from {{ versions }} as touched
        inner join ({{ unpublished_loads() }}) as new_loads
            on
                new_loads.organization_id = touched.organization_id
                and new_loads.load_id = touched._dlt_load_id
    )
    {%- endif %}
),

latest as (
    select distinct on (organization_id, id) *
    from readable
    where purged_at is null
    order by organization_id, id, updated_at desc nulls last, seen_at desc, _dlt_id desc
),

tombstones as (
    select distinct on (organization_id, id)
        organization_id,
        id,
        updated_at,
        seen_at,
        purged_at,
        _dlt_load_id as load_id
    from readable
    where purged_at is not null
    order by organization_id, id, updated_at desc nulls last, seen_at desc, _dlt_id desc
)

select
    latest.*,
    tombstones.purged_at as gone_at,
    coalesce(latest.created_at, latest.updated_at, latest.seen_at) as first_at,
    coalesce(latest.updated_at, latest.seen_at) as changed_at,
    coalesce(tombstones.load_id, latest._dlt_load_id) as load_id
from latest
left join tombstones
    on
        tombstones.organization_id = latest.organization_id
        and tombstones.id = latest.id
        and (coalesce(tombstones.updated_at, '-infinity'), tombstones.seen_at)
        >= (coalesce(latest.updated_at, '-infinity'), latest.seen_at)
{%- endmacro %}
