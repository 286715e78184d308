with contacts as (
    select contacts.*
    from
        json_to_record(%(counts)s::json -> 'contact_metrics') as contacts (
            total_contacts bigint, cliniko_linked bigint, unlinked bigint, link_percentage numeric
        )
),

active as (
    select active.*
    from
        json_to_record(%(counts)s::json -> 'active_patient_metrics') as active (
            total_active bigint,
            avg_recent_appointments numeric,
            most_recent_appointment timestamptz
        )
),

last_accepted as (
    select
        id,
        status,
        finished_at
    from app.sync_runs
    where
        organization_id = %(organization_id)s
        and is_accepted
        and finished_at <= asked.as_of
    order by finished_at desc
    limit 1
),

-- Of the quarantine the API sees no record's id, so it counts rows: a record refused, or a field
-- blanked.
by_field as (
    select
        feed,
        field,
        reason,
        effect,
        count(*) as records
    from app.quarantine
    where organization_id = %(organization_id)s and resolved_at is null
    group by feed, field, reason, effect
),

quarantined as (
    select
        feed,
        coalesce(sum(records) filter (where effect = 'refused'), 0) as refused,
        coalesce(sum(records) filter (where effect = 'blanked'), 0) as blanked,
        json_agg({OddField} order by effect desc, records desc, field, reason) as fields
    from by_field
    group by feed
),

-- What the last run that counts could not read, and what waits from others.
short as (
    select
        coalesce(feeds.feed, quarantined.feed) as feed,
        feeds.status,
        feeds.error_code,
        feeds.error_detail,
        feeds.note,
        coalesce(quarantined.refused, 0) as refused,
        coalesce(quarantined.blanked, 0) as blanked,
        coalesce(quarantined.fields, '[]'::json) as fields,
        (
            select runs.finished_at
            from app.sync_run_feeds as reads
            inner join app.sync_runs as runs
                on
                    runs.organization_id = reads.organization_id
                    and runs.id = reads.sync_run_id
                    and runs.is_accepted
            where
                reads.organization_id = %(organization_id)s
                and reads.feed = coalesce(feeds.feed, quarantined.feed)
                and reads.status = 'succeeded'
            order by reads.started_at desc
            limit 1
        ) as last_read_at
    from (
        select sync_run_feeds.*
        from last_accepted
        inner join app.sync_run_feeds as sync_run_feeds
            on
                sync_run_feeds.organization_id = %(organization_id)s
                and sync_run_feeds.sync_run_id = last_accepted.id
    ) as feeds
    full join quarantined
        on quarantined.feed = feeds.feed
    where feeds.status <> 'succeeded' or quarantined.feed is not null
),

latest as (
    select *
    from app.sync_runs
    where organization_id = %(organization_id)s
    order by requested_at desc, id desc
    limit 10
),

history as (
    select
        latest.id as sync_id,
        latest.kind,
        latest.status,
        latest.requested_by,
        latest.requested_at,
        latest.started_at,
        latest.finished_at,
        latest.error_code,
        feeds.*
    from latest
    cross join lateral (
        select
            coalesce(sum(rows_read), 0) as rows_read,
            coalesce(sum(rows_new), 0) as rows_new,
            coalesce(sum(rows_changed), 0) as rows_changed,
            coalesce(sum(rows_removed), 0) as rows_removed,
            coalesce(sum(rows_quarantined), 0) as rows_quarantined,
            coalesce(sum(rows_blanked), 0) as rows_blanked,
            coalesce(sum(requests), 0) as requests
        from app.sync_run_feeds as sync_run_feeds
        where
            sync_run_feeds.organization_id = %(organization_id)s
            and sync_run_feeds.sync_run_id = latest.id
    ) as feeds
)

select
    contacts.*,
    active.*,
    last_accepted.finished_at as last_sync,
    exists(
        select organization_id from app.cliniko_credentials
        where organization_id = %(organization_id)s
    ) as cliniko_configured,
    (
        select sync_enabled from app.organizations
        where organization_id = %(organization_id)s
    ) as sync_enabled,
    asked.is_active,
    contacts.total_contacts > 0 as has_contacts,
    active.total_active > 0 as has_active_patients,
    coalesce(
        last_accepted.finished_at > asked.as_of - interval '{recent_sync_hours} hours', false
    ) as recent_sync,
    contacts.total_contacts > 0
    and contacts.cliniko_linked * 100
    >= contacts.total_contacts * {high_link_percent} as high_link_rate,
    coalesce(last_accepted.status = 'succeeded', false) as complete_sync,
    (
        select coalesce(json_agg({IncompleteFeed} order by feed), '[]'::json)
        from short
    ) as incomplete_feeds,
    (
        {feeds}
    ) as feeds,
    (
        select coalesce(json_agg({SyncRun} order by requested_at desc, sync_id desc), '[]'::json)
        from history
    ) as sync_history,
    '{}'::text[] as patient_ids
from contacts
cross join active
left join last_accepted
    on true
