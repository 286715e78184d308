{{ config(not_held_back=true) }}

with organizations as (
    select * from {{ ref('int_organizations_touched') }}
),

benchmarks as (
    select * from {{ ref('benchmarks') }}
)

select
    organizations.organization_id,
    benchmarks.benchmark_name,
    benchmarks.percent,
    benchmarks.source
from organizations
cross join benchmarks
