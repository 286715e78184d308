"""Queueing a sync, and how syncs stand. A partial unique index lets one run be queued or running."""

from typing import LiteralString

from serving.answers import framed, instant

# A run that another session queues while this statement runs is in nobody's sight: then no row comes back
# with an id, and the statement is asked again.
SCHEDULE: LiteralString = f"""
with known as (
    select organization_id, is_active
    from app.organizations
    where organization_id = %(organization_id)s
),

queued as (
    insert into app.sync_runs (organization_id, kind, requested_by)
    select organization_id, 'sync', %(requested_by)s
    from known
    where is_active
    on conflict (organization_id) where status in ('queued', 'running') do nothing
    returning id
),

underway as (
    select id
    from app.sync_runs
    where organization_id = %(organization_id)s and status in ('queued', 'running')
)

select
    known.is_active,
    coalesce((select id from queued), (select id from underway))::text as sync_id,
    exists (select from queued) as is_new,
    {instant("app.as_of()")} as as_of
from known
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

    last_success as (
        select max(finished_at) as at
        from app.sync_runs
        where
            organization_id = %(organization_id)s
            and is_accepted and finished_at <= asked.as_of
    ),

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
                'last_sync', {instant("last_success.at")}
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
                'recent_sync', coalesce(last_success.at > asked.as_of - interval '24 hours', false),
                'high_link_rate', counts.total > 0 and counts.linked * 100 >= counts.total * 90
            ),
            'sync_history', history.runs
        )::text as body,
        '{{}}'::text[] as patient_ids
    from counts cross join last_success cross join history
""")
