"""Queueing a sync, and how syncs stand. A partial unique index lets one run be queued or running."""

from typing import LiteralString

from serving.data.framing import framed, instant

# A run that another session queues while this statement runs is in nobody's sight: then no row comes back
# with an id, and the statement is asked again.
SCHEDULE: LiteralString = f"""
with known as (
    select organization_id, is_active
    from app.organizations
    where organization_id = %(organization_id)s
),

queued as (
    select app.queue_sync(organization_id, 'sync', %(requested_by)s) as id
    from known
    where is_active
),

underway as (
    select id
    from app.sync_runs
    where organization_id = %(organization_id)s and status in ('queued', 'running')
)

select
    known.is_active,
    coalesce((select id from queued), (select id from underway))::text as sync_id,
    (select id from queued) is not null as is_new,
    {instant("app.as_of()")} as as_of
from known
"""


# CTEs that end in one row `unread`: what the last run that counts could not read, and what waits from others.
# Of the quarantine the API sees no record's id, so it counts rows: a record refused, or a field blanked.
UNREAD: LiteralString = f"""
    by_field as (
        select feed, field, reason, effect, count(*) as records
        from app.quarantine
        where organization_id = %(organization_id)s and resolved_at is null
        group by feed, field, reason, effect
    ),

    quarantined as (
        select
            feed,
            coalesce(sum(records) filter (where effect = 'refused'), 0) as refused,
            coalesce(sum(records) filter (where effect = 'blanked'), 0) as blanked,
            json_agg(
                json_build_object('field', field, 'reason', reason, 'effect', effect, 'records', records)
                order by effect desc, records desc, field, reason
            ) as fields
        from by_field
        group by feed
    ),

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
            ) as read_at
        from (
            select sync_run_feeds.*
            from last_accepted
            inner join app.sync_run_feeds
                on organization_id = %(organization_id)s and sync_run_id = last_accepted.id
        ) as feeds
        full join quarantined on quarantined.feed = feeds.feed
        where feeds.status <> 'succeeded' or quarantined.feed is not null
    ),

    unread as (
        select
            coalesce(
                json_agg(
                    json_build_object(
                        'feed', feed,
                        'status', status,
                        'last_read_at', {instant("read_at")},
                        'error_code', error_code,
                        'error_detail', error_detail,
                        'note', note,
                        'refused', refused,
                        'blanked', blanked,
                        'fields', fields
                    )
                    order by feed
                ),
                '[]'::json
            ) as feeds
        from short
    )
"""
DASHBOARD: LiteralString = framed(f"""
    with counts as (
        select
            contact_metrics as contacts,
            active_patient_metrics as active,
            (contact_metrics ->> 'total_contacts')::bigint as total,
            (contact_metrics ->> 'cliniko_linked')::bigint as linked,
            (active_patient_metrics ->> 'total_active')::bigint as total_active
        from json_to_record(%(counts)s::json) as counted (contact_metrics json, active_patient_metrics json)
    ),

    last_accepted as (
        select accepted.id, accepted.status, accepted.finished_at as at
        from (select) as one
        left join (
            select id, status, finished_at
            from app.sync_runs
            where
                organization_id = %(organization_id)s
                and is_accepted and finished_at <= asked.as_of
            order by finished_at desc
            limit 1
        ) as accepted on true
    ),

    {UNREAD},

    latest as (
        select * from app.sync_runs
        where organization_id = %(organization_id)s
        order by requested_at desc, id desc
        limit 10
    ),

    history as (
        select
            coalesce(
                json_agg(
                    json_build_object(
                        'sync_id', latest.id,
                        'kind', latest.kind,
                        'status', latest.status,
                        'requested_by', latest.requested_by,
                        'requested_at', {instant("latest.requested_at")},
                        'started_at', {instant("latest.started_at")},
                        'finished_at', {instant("latest.finished_at")},
                        'error_code', latest.error_code,
                        'rows_read', feeds.rows_read,
                        'rows_new', feeds.rows_new,
                        'rows_changed', feeds.rows_changed,
                        'rows_removed', feeds.rows_removed,
                        'rows_quarantined', feeds.rows_quarantined,
                        'rows_blanked', feeds.rows_blanked,
                        'requests', feeds.requests
                    )
                    order by latest.requested_at desc, latest.id desc
                ),
                '[]'::json
            ) as runs
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
            from app.sync_run_feeds
            where
                sync_run_feeds.organization_id = %(organization_id)s
                and sync_run_feeds.sync_run_id = latest.id
        ) as feeds
    )

    select
        json_build_object(
            'organization_id', asked.organization_id,
            'contact_metrics', counts.contacts,
            'active_patient_metrics', json_build_object(
                'total_active', counts.total_active,
                'avg_recent_appointments', counts.active -> 'avg_recent_appointments',
                'most_recent_appointment', counts.active -> 'most_recent_appointment',
                'last_sync', {instant("last_accepted.at")}
            ),
            'service_status', json_build_object(
                'cliniko_configured', exists (
                    select organization_id from app.cliniko_credentials
                    where organization_id = %(organization_id)s
                ),
                'sync_enabled', (
                    select sync_enabled from app.organizations where organization_id = %(organization_id)s
                ),
                'is_active', asked.is_active
            ),
            'health_indicators', json_build_object(
                'has_contacts', counts.total > 0,
                'has_active_patients', counts.total_active > 0,
                'recent_sync', coalesce(last_accepted.at > asked.as_of - interval '24 hours', false),
                'high_link_rate', counts.total > 0 and counts.linked * 100 >= counts.total * 90,
                'complete_sync', last_accepted.status is not distinct from 'succeeded'
            ),
            'incomplete_feeds', unread.feeds,
            'sync_history', history.runs
        )::text as body,
        '{{}}'::text[] as patient_ids
    from counts cross join last_accepted cross join unread cross join history
""")
