"""A warehouse ready for loads, and organizations that lead to sandbox clinics."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from ingestion.errors import SyncError
from ingestion.pipeline import prepare_dlt
from ingestion.sync import SyncProgress, SyncResult, sync_organization
from sandbox.cliniko.running import run_cliniko
from tests.ingestion.clinics import Control, Record, key_of, make_clinic
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings


@dataclass(frozen=True)
class Account:
    """One organization and the clinic behind it."""

    settings: Settings
    organization_id: str
    control: Control

    def add(self, country: str | None = None) -> None:
        """As `routiq org add` does."""
        name = self.organization_id
        key = Secret(key_of(self.control.clinic))
        add_organization(self.settings, name, name.title(), f"{self.control.address}/v1", key, country)

    def take_key_of(self, other: "Account") -> None:
        """Another clinic's key and address stored here without a check, as earlier versions did."""
        name, control = self.organization_id, other.control
        add_organization(self.settings, name, name, f"{control.address}/v1", Secret(key_of(control.clinic)))

    def sync(self, **options: Any) -> SyncResult:
        return sync_organization(self.settings, self.organization_id, **options)

    def query(self, text: str, **parameters: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.settings.url("owner"), row_factory=dict_row) as connection:
            return connection.execute(
                sql.SQL(text),
                {"organization": self.organization_id, **parameters},
            ).fetchall()

    def current(self, feed: str) -> dict[str, dict[str, Any]]:
        """What the warehouse would take for true: the latest accepted version of each record."""
        rows = self.query(
            f"""
            select distinct on (id) version.* from raw_cliniko.{feed} as version
            join app.loads on loads.organization_id = version.organization_id
                and loads.load_id = version._dlt_load_id
            where version.organization_id = %(organization)s
            order by id, updated_at desc, seen_at desc, _dlt_id desc
            """
        )
        return {row["id"]: row for row in rows}

    def quarantine(self) -> list[dict[str, Any]]:
        return self.query(
            """
            select feed, record_id, field, reason, resolved_at is not null as is_resolved
            from app.quarantine where organization_id = %(organization)s order by seen_at, feed, record_id
            """
        )


@pytest.fixture(scope="session")
def prepared_cluster(cluster: Settings) -> Settings:
    """The template has dlt's tables too, so that no test makes them again."""
    prepare_dlt(cluster)
    return cluster


@pytest.fixture(scope="session", autouse=True)
def no_waiting() -> Iterator[None]:
    """Cliniko's limit lifted, no patience wasted, here and in the processes the tests start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROUTIQ_CLINIKO_REQUESTS_PER_MINUTE", "0")
        patch.setenv("ROUTIQ_CLINIKO_RETRY_SECONDS", "0.01")
        yield


@pytest.fixture
def settings(prepared_cluster: Settings, warehouse: Settings, tmp_path: Path) -> Settings:  # noqa: ARG001
    """A home and a database of the test's own."""
    return warehouse.model_copy(update={"home": tmp_path / "home"})


@pytest.fixture(scope="module")
def module_settings(
    prepared_cluster: Settings,  # noqa: ARG001 - before the database is copied
    module_warehouse: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    return module_warehouse.model_copy(update={"home": tmp_path_factory.mktemp("home")})


AccountMaker = Callable[..., Account]


@contextmanager
def account_maker(settings: Settings, folder: Path) -> Iterator[AccountMaker]:
    """Makes clinics of the given records, serves them, and adds their organizations."""
    with ExitStack() as stack:

        def open_one(
            name: str = "harbour",
            *,
            extra: str = "",
            **resources: list[Record],
        ) -> Account:
            clinic = make_clinic(folder / name, resources, extra)
            address = stack.enter_context(run_cliniko([clinic]))
            account = Account(settings, name, Control(address, name))
            account.add()
            return account

        yield open_one


@pytest.fixture
def open_account(settings: Settings, tmp_path: Path) -> Iterator[AccountMaker]:
    with account_maker(settings, tmp_path / "clinics") as maker:
        yield maker


def fails(account: Account, code: str, **options: Any) -> SyncError:
    """The sync fails with `code`, says so in its row, and nothing of it counts."""
    loads = account.query("select count(*) as n from app.loads")
    cursors = account.query("select * from app.sync_cursors")
    with pytest.raises(SyncError) as failure:
        account.sync(**options)
    assert failure.value.code == code
    [run] = account.query("select * from app.sync_runs order by requested_at desc limit 1")
    assert (run["status"], run["error_code"], run["error_detail"]) == ("failed", code, failure.value.message)
    assert account.query("select count(*) as n from app.loads") == loads
    assert account.query("select * from app.sync_cursors") == cursors
    assert not account.query("select from app.sync_run_feeds where status = 'running'")
    return failure.value


def meanwhile(pages: int, act: Callable[[], None]) -> Callable[[SyncProgress], None]:
    """A progress callback that acts once, when so many pages of patients are done."""
    due = [act]

    def progress(now: SyncProgress) -> None:
        if now.feed == "patients" and now.pages_done == pages and due:
            due.pop()()

    return progress


def everyone(account: Account) -> set[int]:
    return {int(record_id) for record_id in account.current("patients")}
