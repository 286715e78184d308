with organizations as (
    select * from {{ ref('int_organizations_touched') }}
),

accounts as (
    select distinct on (organization_id)
        organization_id,
        currency_symbol
    from {{ ref('stg_cliniko__settings') }}
    where
        not is_purged
        and organization_id in (select touched.organization_id from organizations as touched)
    order by organization_id, updated_at desc, account_id
),

zone_counts as (
    select
        organization_id,
        time_zone_identifier as time_zone,
        count(*) as businesses,
        min(created_at) as oldest_at,
        min(business_id) as smallest_id
    from {{ ref('stg_cliniko__businesses') }}
    where
        not is_purged
        and organization_id in (select touched.organization_id from organizations as touched)
        and archived_at is null
        and deleted_at is null
        and time_zone_identifier in (select names.name from pg_timezone_names as names)
    group by organization_id, time_zone_identifier
),

zones as (
    select distinct on (organization_id)
        organization_id,
        time_zone
    from zone_counts
    order by organization_id, businesses desc, oldest_at, smallest_id
),

-- what the loads before these said is what readers know
invoice_feeds as (
    select distinct on (loads.organization_id)
        loads.organization_id,
        feeds.status = 'succeeded' as can_read_invoices
    from {{ ref('int_loads_touched') }} as touched
    inner join {{ source('app', 'loads') }} as loads
        on
            loads.organization_id = touched.organization_id
            and loads.load_id = touched.load_id
    inner join {{ source('app', 'sync_run_feeds') }} as feeds
        on
            feeds.organization_id = loads.organization_id
            and feeds.sync_run_id = loads.sync_run_id
    where
        feeds.feed = 'invoices'
        and feeds.status in ('succeeded', 'forbidden')
    order by loads.organization_id, loads.accepted_at desc, loads.load_id desc
)

select
    organizations.organization_id,
    coalesce(zones.time_zone, 'UTC') as time_zone,
    accounts.currency_symbol,
    coalesce(
        invoice_feeds.can_read_invoices, known.can_read_invoices::boolean, false
    ) as can_read_invoices
from organizations
left join accounts on accounts.organization_id = organizations.organization_id
left join zones on zones.organization_id = organizations.organization_id
left join invoice_feeds on invoice_feeds.organization_id = organizations.organization_id
left join
    ({{ published(
        this,
        ['organization_id', 'can_read_invoices'],
        'not ' ~ flags.FULL_REFRESH,
    ) }}) as known
    on known.organization_id = organizations.organization_id
