"""What is forgotten: raw rows that nobody will ever read, versions superseded long ago, and runs that nobody
asks about any more.

As the owner, since the loader deletes nothing. Dagster calls these daily.
"""

import psycopg
from psycopg import sql

from ingestion.cliniko.feeds import FEEDS
from ingestion.pipeline import empty_folders
from warehouse.settings import Settings

DATASET = "raw_cliniko"
RUNS_KEPT_DAYS = 90

UNACCEPTED = """
delete from {table} as version
using (
    select distinct organization_id, _dlt_load_id from {table} as rows
    where not exists (
        select from app.loads
        where loads.organization_id = rows.organization_id and loads.load_id = rows._dlt_load_id
    ) and not exists (
        select from app.sync_runs
        where sync_runs.organization_id = rows.organization_id and status = 'running'
    )
) as unaccepted
where version.organization_id = unaccepted.organization_id
    and version._dlt_load_id = unaccepted._dlt_load_id
"""

# Of each record the latest version and the latest tombstone stay, with and without a stamp: all that a build
# or a sync ever reads. The later one must be published, so that no build to come would miss this one.
SUPERSEDED = """
delete from {table} as old
using app.loads as told
where told.organization_id = old.organization_id
    and told.load_id = old._dlt_load_id
    and told.published_at is not null
    and exists (
        select from {table} as later
        inner join app.loads as loads
            on loads.organization_id = later.organization_id and loads.load_id = later._dlt_load_id
        where later.organization_id = old.organization_id
            and later.id = old.id
            and (later.purged_at is null) = (old.purged_at is null)
            and (later.updated_at is null) = (old.updated_at is null)
            and (coalesce(later.updated_at, '-infinity'), later.seen_at, later._dlt_id)
            > (coalesce(old.updated_at, '-infinity'), old.seen_at, old._dlt_id)
            and loads.published_at < now() - make_interval(days => %s)
    )
"""

# How old the data of a feed are is said by the last run that read it, however long ago that was: of each
# outcome that a feed, or a whole run, has had in an organization, the last one stays. And days are counted
# back from what readers see, so nothing is forgotten of an organization whose builds no longer come through.
OLD_RUNS = """
delete from app.sync_runs as old
using app.organizations
left join app.publications using (organization_id)
where old.organization_id = organizations.organization_id
    and old.finished_at < least(publications.data_as_of, now()) - make_interval(days => %s)
    and exists (
        select from app.sync_runs as later
        where later.organization_id = old.organization_id
            and later.status = old.status
            and later.finished_at > old.finished_at
    )
    and not exists (
        select from app.sync_run_feeds as last
        where last.organization_id = old.organization_id
            and last.sync_run_id = old.id
            and not exists (
                select from app.sync_run_feeds as later
                inner join app.sync_runs as of_run
                    on of_run.organization_id = later.organization_id and of_run.id = later.sync_run_id
                where later.organization_id = last.organization_id
                    and later.feed = last.feed
                    and later.status = last.status
                    and later.started_at > last.started_at
                    and of_run.status = old.status
            )
    )
"""

IDLE = """
select organization_id from app.organizations
where not exists (
    select from app.sync_runs
    where sync_runs.organization_id = organizations.organization_id and status = 'running'
)
"""


def empty_idle_folders(settings: Settings) -> None:
    """Away with what killed syncs left: it holds patients, and a paused organization is not synced again."""
    with psycopg.connect(settings.url("owner")) as connection:
        for (organization_id,) in connection.execute(IDLE).fetchall():
            empty_folders(settings, organization_id)


def delete_unaccepted(settings: Settings) -> int:
    """Delete the raw rows of loads that were never accepted; returns how many.

    Organizations with a living run are left alone: its load is not accepted yet.
    """
    with psycopg.connect(settings.url("owner")) as connection:
        return sum(
            connection.execute(sql.SQL(UNACCEPTED).format(table=sql.Identifier(DATASET, feed.name))).rowcount
            for feed in FEEDS
        )


def forget_versions(settings: Settings, kept_days: int) -> int:
    """Delete versions that readers have not seen for so many days, another having come; returns how many.

    A build of everything from what is left comes to the same.
    """
    with psycopg.connect(settings.url("owner")) as connection:
        return sum(
            connection.execute(
                sql.SQL(SUPERSEDED).format(table=sql.Identifier(DATASET, feed.name)), [kept_days]
            ).rowcount
            for feed in FEEDS
        )


def forget_runs(settings: Settings) -> int:
    """Delete runs that ended more than 90 days ago, with their progress by feed; returns how many runs.

    The accepted loads and their rows stay, and so do the runs that say how old the data of a feed are.
    """
    with psycopg.connect(settings.url("owner")) as connection:
        return connection.execute(OLD_RUNS, [RUNS_KEPT_DAYS]).rowcount
