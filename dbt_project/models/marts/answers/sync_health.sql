with feeds (feed) as (
    values
    {%- for node in (graph.sources.values() if execute else []) if node.source_name == 'cliniko' %}
        ('{{ node.name }}'),
    {%- endfor %}
    (null)
)

select
    organizations.organization_id,
    feeds.feed,
    latest.sync_run_id,
    latest.status,
    latest.started_at,
    latest.finished_at,
    latest.rows_read,
    latest.rows_new,
    latest.rows_changed,
    latest.rows_removed,
    latest.rows_quarantined,
    latest.rows_blanked,
    latest.requests,
    latest.rate_limit_waits,
    latest.error_code,
    latest.error_detail,
    latest.note,
    odd.quarantined_open,
    odd.blanked_open,
    readable.data_as_of,
    case
        when readable.data_as_of is not null
            then greatest(extract(epoch from {{ as_of() }} - readable.data_as_of), 0)
    end::bigint as data_age_seconds
from {{ source('app', 'organizations') }} as organizations
cross join feeds
cross join
    lateral (
        select *
        from {{ source('app', 'sync_run_feeds') }} as runs
        where
            runs.organization_id = organizations.organization_id
            and runs.feed = feeds.feed
        order by runs.started_at desc, runs.sync_run_id desc
        limit 1
    ) as latest
cross join
    lateral (
        select
            count(*) filter (where quarantined.effect = 'refused') as quarantined_open,
            count(*) filter (where quarantined.effect = 'blanked') as blanked_open
        from {{ source('app', 'quarantine') }} as quarantined
        where
            quarantined.organization_id = organizations.organization_id
            and quarantined.feed = feeds.feed
            and quarantined.resolved_at is null
    ) as odd
left join
    lateral (
        select runs.finished_at as data_as_of
        from {{ source('app', 'sync_run_feeds') }} as reads
        inner join {{ source('app', 'sync_runs') }} as runs
            on
                runs.organization_id = reads.organization_id
                and runs.id = reads.sync_run_id
                and runs.is_accepted
        inner join {{ source('app', 'publications') }} as publications
            on
                publications.organization_id = reads.organization_id
                and publications.data_as_of >= runs.finished_at
        where
            reads.organization_id = organizations.organization_id
            and reads.feed = feeds.feed
            and reads.status = 'succeeded'
        order by reads.started_at desc
        limit 1
    ) as readable
    on true
