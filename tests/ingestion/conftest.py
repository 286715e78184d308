"""A warehouse ready for loads, and organizations that lead to sandbox clinics."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from ingestion.pipeline import prepare_dlt
from ingestion.sync import SyncResult, sync_organization
from sandbox.cliniko.server import run_cliniko
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


@pytest.fixture
def settings(warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home and a database of the test's own; Cliniko's limit lifted, no patience wasted."""
    monkeypatch.setenv("ROUTIQ_CLINIKO_REQUESTS_PER_MINUTE", "0")
    monkeypatch.setenv("ROUTIQ_CLINIKO_RETRY_SECONDS", "0.01")
    mine = warehouse.model_copy(update={"home": tmp_path / "home"})
    prepare_dlt(mine)
    return mine


AccountMaker = Callable[..., Account]


@pytest.fixture
def open_account(settings: Settings, tmp_path: Path) -> Iterator[AccountMaker]:
    """Makes a clinic of the given records, serves it, and adds its organization."""
    with ExitStack() as stack:

        def open_one(
            name: str = "harbour", *, extra: str = "", folder: Path | None = None, **resources: list[Record]
        ) -> Account:
            folder = folder or make_clinic(tmp_path / "clinics" / name, resources, extra)
            address = stack.enter_context(run_cliniko([folder]))
            add_organization(settings, name, name.title(), f"{address}/v1", Secret(key_of(folder)))
            return Account(settings, name, Control(address, folder.name))

        yield open_one
