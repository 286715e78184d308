"""What the runs that counted left to the next one: how far they read, what waits, and what was odd."""

from datetime import datetime

import psycopg

from ingestion.cliniko.shape import Before
from ingestion.problems import FIELDS_LOST


def read_cursors(connection: psycopg.Connection, organization_id: str) -> dict[str, datetime]:
    rows = connection.execute(
        "select feed, updated_through from app.sync_cursors where organization_id = %s",
        [organization_id],
    )
    return dict(rows.fetchall())


def read_open_quarantine(connection: psycopg.Connection, organization_id: str) -> dict[str, list[str]]:
    rows = connection.execute(
        """
        select feed, array_agg(distinct record_id) from app.quarantine
        where organization_id = %s and resolved_at is null and effect = 'refused'
            and record_id is not null
        group by feed
        """,
        [organization_id],
    )
    return dict(rows.fetchall())


def read_before(connection: psycopg.Connection, organization_id: str) -> dict[str, Before]:
    """By feed, what was odd at the last run that counts and still is."""
    rows = connection.execute(
        """
        with last as (
            select id from app.sync_runs where organization_id = %(organization_id)s and is_accepted
            order by finished_at desc limit 1
        ),

        lost as (
            select feeds.feed, feeds.error_detail from app.sync_run_feeds as feeds
            inner join last on last.id = feeds.sync_run_id
            where feeds.organization_id = %(organization_id)s and feeds.error_code = %(fields_lost)s
        ),

        refused as (
            select feed, jsonb_agg(distinct jsonb_build_array(field, reason)) as reasons
            from app.quarantine
            where organization_id = %(organization_id)s and resolved_at is null and effect = 'refused'
            group by feed
        )

        select feed, coalesce(refused.reasons, '[]'), coalesce(lost.error_detail, '')
        from refused full join lost using (feed)
        """,
        {"organization_id": organization_id, "fields_lost": FIELDS_LOST},
    )
    return {
        feed: Before(frozenset(map(tuple, reasons)), frozenset(lost.split(", ") if lost else ()))
        for feed, reasons, lost in rows.fetchall()
    }
