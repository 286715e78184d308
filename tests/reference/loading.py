"""Drawn clinics -> the raw log and the outreach log, each as an organization of its own."""

import itertools
import uuid
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.reference.drawing import LOADED_AT, Drawn
from warehouse.settings import Settings

_numbers = itertools.count(1)


def load(settings: Settings, clinics: Mapping[str, Drawn]) -> None:
    """Each clinic under its name, as one accepted load of one succeeded sync."""
    with psycopg.connect(settings.url("owner")) as connection:
        for organization_id, clinic in clinics.items():
            load_id = f"{next(_numbers)}.0"
            _insert_sync(connection, organization_id, load_id, clinic.invoices)
            for feed, row in clinic.records:
                is_accepted = row.get("_is_accepted", True)
                raw = {name: value for name, value in row.items() if name != "_is_accepted"}
                raw |= {
                    "organization_id": organization_id,
                    "_dlt_load_id": load_id if is_accepted else "never accepted",
                    "_dlt_id": f"{next(_numbers):012}",
                }
                _insert(connection, sql.Identifier("raw_cliniko", feed), raw)
            for row in clinic.outreach:
                attempt = {"organization_id": organization_id, "logged_by": "test", **row}
                _insert(connection, sql.Identifier("app", "outreach_log"), attempt)


def _insert_sync(connection: psycopg.Connection, organization_id: str, load_id: str, invoices: str) -> None:
    run_id = uuid.uuid4()
    run = {"organization_id": organization_id, "requested_by": "test", "finished_at": LOADED_AT}
    feed = {"organization_id": organization_id, "sync_run_id": run_id, "feed": "invoices"}
    accepted = {"organization_id": organization_id, "load_id": load_id, "sync_run_id": run_id}
    for table, row in (
        ("organizations", {"organization_id": organization_id, "name": "drawn"}),
        ("sync_runs", {**run, "id": run_id, "status": "succeeded", "load_id": load_id}),
        ("sync_run_feeds", {**feed, "status": invoices}),
        ("loads", {**accepted, "fence": 1}),
    ):
        _insert(connection, sql.Identifier("app", table), row)


def _insert(connection: psycopg.Connection, table: sql.Identifier, row: Mapping[str, Any]) -> None:
    values = [Jsonb(value) if isinstance(value, list | dict) else value for value in row.values()]
    connection.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            table,
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        ),
        values,
    )
