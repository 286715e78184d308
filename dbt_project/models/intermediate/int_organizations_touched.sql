with loads as (
    select * from {{ ref('int_loads_touched') }}
)

select distinct organization_id from loads
