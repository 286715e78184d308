"""One run at a time, and only its holder may end it."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from ingestion.accepting import Outcome, accept
from ingestion.errors import SyncError
from ingestion.runs import _lock_organization, claim, fail
from tests.ingestion.clinics import patient
from tests.ingestion.conftest import AccountMaker
from warehouse import sync_runs
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings
from warehouse.sync_runs import Kind, Run, renew


@pytest.fixture
def organization(settings: Settings) -> str:
    add_organization(settings, "a", "A", "http://127.0.0.1:1/v1", Secret("invented-au2"))
    return "a"


def connect(settings: Settings) -> psycopg.Connection:
    return psycopg.connect(settings.url("loader"), autocommit=True)


def take(connection: psycopg.Connection, sync_run_id: UUID | None = None) -> Run:
    return claim(connection, "a", sync_run_id, "sync", "test")


def queue(settings: Settings, kind: Kind = "sync") -> UUID:
    with connect(settings) as connection:
        run_id = sync_runs.queue(connection, "a", kind, "api")
    assert run_id is not None
    return run_id


def statuses(settings: Settings) -> list[tuple[str, str | None]]:
    with connect(settings) as connection:
        return connection.execute(
            "select status, error_code from app.sync_runs order by requested_at"
        ).fetchall()


def expire(settings: Settings) -> None:
    with connect(settings) as connection:
        connection.execute("update app.sync_runs set lease_expires_at = now() - interval '1 second'")


@pytest.mark.usefixtures("organization")
class TestClaiming:
    def test_a_living_run_keeps_others_out(self, settings: Settings) -> None:
        with connect(settings) as first, connect(settings) as second:
            take(first)
            with pytest.raises(SyncError) as refusal:
                take(second)
            assert refusal.value.code == "already_running"

    def test_a_queued_run_is_taken_by_its_id_or_its_kind(self, settings: Settings) -> None:
        queued = queue(settings)
        with connect(settings) as first:
            run = take(first, queued)
            assert run.id == queued
            fail(first, run, SyncError("x", "x"))
            queued = queue(settings)
            assert take(first).id == queued

    def test_a_queued_run_of_another_kind_is_left_in_the_queue(self, settings: Settings) -> None:
        queue(settings, "sweep")
        with connect(settings) as first, pytest.raises(SyncError) as refusal:
            take(first)
        assert refusal.value.code == "already_queued"

    def test_a_run_that_is_over_is_not_begun_again(self, settings: Settings) -> None:
        with connect(settings) as first:
            run = take(first)
            fail(first, run, SyncError("x", "x"))
            for run_id in (run.id, uuid4()):
                with pytest.raises(SyncError) as refusal:
                    take(first, run_id)
                assert refusal.value.code == "unknown_run"

    def test_a_run_whose_process_is_gone_is_taken_over_at_once(self, settings: Settings) -> None:
        with connect(settings) as first:
            old = take(first)
        with connect(settings) as second:
            new = take(second)
        assert new.fence > old.fence
        assert statuses(settings) == [("failed", "lease_expired"), ("running", None)]

    def test_a_run_whose_process_hangs_is_taken_over_when_its_lease_ends(self, settings: Settings) -> None:
        with connect(settings) as first, connect(settings) as second:
            old = take(first)
            expire(settings)
            new = take(second)
            assert not renew(first, old)
            assert renew(second, new)

    def test_the_same_run_can_be_carried_on_by_its_id(self, settings: Settings) -> None:
        with connect(settings) as first:
            old = take(first)
        with connect(settings) as second:
            new = take(second, old.id)
        assert (new.id, new.fence) == (old.id, old.fence + 1)

    def test_a_claim_does_not_bar_the_queue(self, settings: Settings) -> None:
        """It would be barred itself by the run that waits for it."""
        with connect(settings) as first, first.transaction():
            _lock_organization(first, "a")
            with psycopg.connect(settings.url("owner")) as second:
                second.execute("set statement_timeout = '2s'")
                assert sync_runs.queue(second, "a", "sync", "api") is not None
                assert sync_runs.queue(second, "a", "sync", "api") is None

    def test_an_unknown_organization_has_no_runs(self, settings: Settings) -> None:
        with connect(settings) as first, pytest.raises(SyncError) as refusal:
            claim(first, "nobody", None, "sync", "test")
        assert refusal.value.code == "unknown_organization"


@pytest.mark.usefixtures("organization")
class TestFencing:
    def test_who_lost_the_lease_can_neither_accept_nor_fail(self, settings: Settings) -> None:
        with connect(settings) as first, connect(settings) as second:
            old = take(first)
            expire(settings)
            take(second)
            outcome = Outcome("load", cursors={"patients": datetime(2030, 1, 1, tzinfo=UTC)})
            with pytest.raises(SyncError) as refusal:
                accept(first, old, outcome)
            assert refusal.value.code == "lease_lost"
            fail(first, old, SyncError("x", "x"))
            assert first.execute("select from app.loads").fetchall() == []
            assert first.execute("select from app.sync_cursors").fetchall() == []
        assert statuses(settings)[-1] == ("running", None)

    def test_a_cursor_never_moves_backward(self, settings: Settings) -> None:
        for load, year in (("one", 2026), ("two", 2025)):
            with connect(settings) as connection:
                run = take(connection)
                accept(connection, run, Outcome(load, {"patients": datetime(year, 6, 1, tzinfo=UTC)}))
        with connect(settings) as connection:
            row = connection.execute(
                "select extract(year from updated_through) from app.sync_cursors"
            ).fetchone()
        assert row == (2026,)


def test_a_second_sync_while_one_runs_is_told_so(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1)])
    told: list[str] = []

    def again(_: object) -> None:
        if not told:
            with pytest.raises(SyncError) as refusal:
                account.sync()
            told.append(refusal.value.code)

    account.sync(progress=again)
    assert told == ["already_running"]
    assert len(account.query("select from app.sync_runs")) == 1


def test_a_run_that_loses_its_lease_changes_nothing(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1)])
    stolen: list[object] = []

    def steal(_: object) -> None:
        if not stolen:
            stolen.append(account.query("update app.sync_runs set fence = fence + 1 returning fence"))

    with pytest.raises(SyncError) as failure:
        account.sync(progress=steal)
    assert failure.value.code == "lease_lost"
    assert account.query("select from app.loads") == []
    assert account.query("select status from app.sync_runs") == [{"status": "running"}]
