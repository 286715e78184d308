"""What is forgotten, and above all what is not."""

from uuid import UUID

import psycopg
import pytest

from ingestion.retention import delete_unaccepted, forget_runs, forget_versions
from tests.ingestion.clinics import patient
from tests.ingestion.conftest import AccountMaker
from warehouse.settings import Settings


def test_rows_of_a_living_run_are_not_deleted(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 6)])
    account.sync()
    account.query("delete from app.loads returning 1")
    account.query("update app.sync_runs set status = 'running', finished_at = null returning 1")
    assert delete_unaccepted(account.settings) == 0
    account.query("update app.sync_runs set status = 'failed', finished_at = now() returning 1")
    assert delete_unaccepted(account.settings) >= 5


@pytest.fixture
def clinic(settings: Settings) -> Settings:
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(
            "insert into app.organizations (organization_id, name) values ('a', 'A'), ('b', 'B')"
        )
    return settings


def ran(settings: Settings, days_ago: float, status: str = "succeeded", **feeds: str) -> float:
    """A run of organization `a` that ended so many days ago, with how each feed of it ended."""
    with psycopg.connect(settings.url("owner")) as connection:
        row = connection.execute(
            """
            insert into app.sync_runs
                (organization_id, status, requested_by, requested_at, started_at, finished_at)
            select 'a', %s, 'schedule', at, at, at from (select now() - %s * interval '1 day' as at) as ended
            returning id, finished_at
            """,
            [status, days_ago],
        ).fetchone()
        assert row is not None
        for feed, ended in feeds.items():
            connection.execute(
                """
                insert into app.sync_run_feeds (organization_id, sync_run_id, feed, status, started_at)
                values ('a', %s, %s, %s, %s)
                """,
                [row[0], feed, ended, row[1]],
            )
        connection.execute(
            "insert into app.loads (organization_id, load_id, sync_run_id, fence) values ('a', %s, %s, 1)",
            [str(row[0]), row[0]],
        )
    return days_ago


def published(settings: Settings, days_ago: float) -> None:
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(
            "insert into app.publications values ('a', 1, now() - %s * interval '1 day', now())", [days_ago]
        )


def left(settings: Settings) -> list[float]:
    """How many days ago the runs ended that are still there, oldest first."""
    with psycopg.connect(settings.url("owner")) as connection:
        rows = connection.execute(
            "select extract(epoch from now() - finished_at) / 86400 from app.sync_runs order by finished_at"
        )
        return [round(float(days), 1) for (days,) in rows]


def test_runs_are_forgotten_after_ninety_days(clinic: Settings) -> None:
    for days in (400, 90.1, 89.9, 1):
        ran(clinic, days, patients="succeeded")
    assert forget_runs(clinic) == 2
    assert left(clinic) == [89.9, 1]
    with psycopg.connect(clinic.url("owner")) as connection:
        assert connection.execute("select count(*) from app.sync_run_feeds").fetchone() == (2,)
        assert connection.execute("select count(*) from app.loads").fetchone() == (4,), (
            "raw rows stay readable"
        )


def test_the_last_time_a_feed_was_read_is_kept(clinic: Settings) -> None:
    ran(clinic, 300, patients="succeeded", invoices="succeeded")
    ran(clinic, 200, patients="succeeded", invoices="succeeded")
    ran(clinic, 150, patients="succeeded", invoices="forbidden")
    ran(clinic, 1, patients="succeeded", invoices="forbidden")
    forget_runs(clinic)
    assert left(clinic) == [200, 1]


def test_a_feed_of_a_failed_run_does_not_count_as_read(clinic: Settings) -> None:
    ran(clinic, 300, patients="succeeded", invoices="succeeded")
    ran(clinic, 200, patients="succeeded", invoices="succeeded")
    ran(clinic, 150, "failed", patients="failed", invoices="succeeded")
    ran(clinic, 2, "failed", patients="failed", invoices="succeeded")
    ran(clinic, 1, patients="succeeded", invoices="forbidden")
    forget_runs(clinic)
    assert left(clinic) == [200, 2, 1]


def test_the_last_run_that_came_through_is_kept(clinic: Settings) -> None:
    ran(clinic, 200)
    ran(clinic, 150, "failed")
    ran(clinic, 1, "failed")
    forget_runs(clinic)
    assert left(clinic) == [200, 1]


def test_days_are_counted_back_from_what_readers_see(clinic: Settings) -> None:
    published(clinic, 100)
    for days in (191, 189, 100, 1):
        ran(clinic, days, patients="succeeded")
    forget_runs(clinic)
    assert left(clinic) == [189, 100, 1]


def test_who_is_under_way_or_alone_stays(clinic: Settings) -> None:
    with psycopg.connect(clinic.url("owner")) as connection:
        connection.execute(
            """
            insert into app.sync_runs (organization_id, id, requested_by, requested_at)
            values ('b', %s, 'api', now() - interval '1 year')
            """,
            [UUID(int=1)],
        )
    ran(clinic, 400, patients="succeeded")
    assert forget_runs(clinic) == 0


def test_superseded_versions_are_forgotten_and_the_next_sync_finds_nothing_new(
    open_account: AccountMaker,
) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 5)])
    account.sync()
    for email in ("a@example.com", "b@example.com"):
        account.control.put(patients=[patient(1, email=email, updated_at=account.control.now())])
        account.sync()
    account.control.remove("patients", 2)
    account.sync(kind="sweep")
    before = account.current("patients")
    assert forget_versions(account.settings, 1) == 0, "not published: a build is yet to read them"
    account.query("update app.loads set published_at = now() - interval '47 hours' returning 1")
    assert forget_versions(account.settings, 2) == 0
    assert forget_versions(account.settings, 1) == 2
    assert account.current("patients") == before
    assert account.query("select count(*) as n from raw_cliniko.patients where purged_at is not null") == [
        {"n": 1}
    ]
    assert account.sync().rows_written == 0
