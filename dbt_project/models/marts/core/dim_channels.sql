{{ config(not_held_back=true) }}

with organizations as (
    select * from {{ ref('int_organizations_touched') }}
),

channels as (
    select * from {{ ref('channels') }}
)

select
    organizations.organization_id,
    channels.method,
    channels.place,
    channels.kind,
    channels.label
from organizations
cross join channels
