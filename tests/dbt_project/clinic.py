"""A clinic in the raw log, written by hand: rows as ingestion would have appended them, and their load."""

import itertools
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from warehouse.settings import Settings

NOON = datetime(2026, 3, 10, 2, tzinfo=UTC)  # noon in Brisbane, which never changes its clocks
_numbers = itertools.count(1)


def days(count: float) -> timedelta:
    return timedelta(days=count)


@dataclass
class Clinic:
    """Collects rows; `accept` makes a load of them. Times default to long ago."""

    settings: Settings
    organization_id: str
    time_zone: str = "Australia/Brisbane"
    synced_at: datetime = NOON
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def create(self) -> "Clinic":
        with psycopg.connect(self.settings.url("owner")) as connection:
            connection.execute(
                "insert into app.organizations (organization_id, name) values (%s, %s)",
                [self.organization_id, f"Clinic {self.organization_id}"],
            )
        self.add("businesses", id="1", time_zone_identifier=self.time_zone, display_name="Main Street")
        self.add("practitioners", id="71", display_name="Dr Ada Sample")
        self.add("appointment_types", id="81", name="Physio")
        return self

    def add(self, feed: str, **columns: Any) -> None:
        """A version of a record; `updated_at` moves with each call unless given."""
        number = next(_numbers)
        row: dict[str, Any] = {
            "created_at": NOON - days(400),
            "updated_at": NOON - days(300) + timedelta(seconds=number),
            "seen_at": NOON + timedelta(seconds=number),
        }
        self.rows.append((feed, row | columns))

    def patient(self, patient_id: str, **columns: Any) -> None:
        self.add("patients", **({"id": patient_id, "first_name": "Ines", "last_name": patient_id} | columns))

    def visit(self, visit_id: str, patient_id: str, starts_at: datetime, **columns: Any) -> None:
        """An individual appointment, made 400 days ago unless told otherwise."""
        defaults = {
            "id": visit_id,
            "patient_id": patient_id,
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=30),
            "did_not_arrive": False,
            "practitioner_id": "71",
            "appointment_type_id": "81",
        }
        self.add("individual_appointments", **(defaults | columns))

    def seat(self, attendee_id: str, patient_id: str, class_id: str, **columns: Any) -> None:
        self.add(
            "attendees", **({"id": attendee_id, "patient_id": patient_id, "booking_id": class_id} | columns)
        )

    def note(self, note_id: str, patient_id: str | None, content: object = None, **columns: Any) -> None:
        row = {"id": note_id, "patient_id": patient_id, "content": content, "draft": False}
        self.add("treatment_notes", **(row | columns))

    def purge(self, feed: str, record_id: str) -> None:
        self.add(feed, id=record_id, purged_at=NOON, updated_at=NOON + days(1))

    def accept(self, *, invoices: str = "succeeded", load_id: str | None = None) -> str:
        """Append the collected rows as one accepted load of one succeeded sync."""
        load_id = load_id or f"{next(_numbers)}.0"
        run_id = uuid.uuid4()
        with psycopg.connect(self.settings.url("owner")) as connection:
            self._insert_run(connection, run_id, load_id, invoices)
            for feed, row in self.rows:
                _append(
                    connection,
                    feed,
                    {
                        "organization_id": self.organization_id,
                        "_dlt_load_id": load_id,
                        "_dlt_id": f"{next(_numbers):012}",
                        **row,
                    },
                )
        self.rows.clear()
        return load_id

    def _insert_run(
        self, connection: psycopg.Connection, run_id: uuid.UUID, load_id: str, invoices: str
    ) -> None:
        connection.execute(
            "insert into app.sync_runs (organization_id, id, status, requested_by, finished_at, load_id)"
            " values (%s, %s, 'succeeded', 'test', %s, %s)",
            [self.organization_id, run_id, self.synced_at, load_id],
        )
        connection.execute(
            "insert into app.sync_run_feeds (organization_id, sync_run_id, feed, status)"
            " values (%s, %s, 'invoices', %s)",
            [self.organization_id, run_id, invoices],
        )
        connection.execute(
            "insert into app.loads (organization_id, load_id, sync_run_id, fence) values (%s, %s, %s, 1)",
            [self.organization_id, load_id, run_id],
        )

    def outreach(
        self, patient_id: str, outcome: str, occurred_at: datetime, method: str = "sms", **columns: Any
    ) -> None:
        row = {
            "organization_id": self.organization_id,
            "patient_id": patient_id,
            "method": method,
            "outcome": outcome,
            "occurred_at": occurred_at,
            "logged_by": "test",
            **columns,
        }
        with psycopg.connect(self.settings.url("owner")) as connection:
            connection.execute(
                sql.SQL("insert into app.outreach_log ({}) values ({})").format(
                    sql.SQL(", ").join(map(sql.Identifier, row)),
                    sql.SQL(", ").join(sql.Placeholder() * len(row)),
                ),
                list(row.values()),
            )

    def ask(self, query: str, as_of: datetime = NOON) -> list[dict[str, Any]]:
        """What the API would read of this clinic at that instant."""
        with as_api(self.settings, self.organization_id, as_of) as connection:
            return connection.execute(query).fetchall()

    def master(self, as_of: datetime = NOON) -> dict[str, dict[str, Any]]:
        rows = self.ask("select * from marts.patient_reengagement_master_view", as_of)
        return {row["patient_id"]: row for row in rows}


def _append(connection: psycopg.Connection, feed: str, row: Mapping[str, Any]) -> None:
    values = [Jsonb(value) if isinstance(value, list | dict) else value for value in row.values()]
    connection.execute(
        sql.SQL("insert into raw_cliniko.{} ({}) values ({})").format(
            sql.Identifier(feed),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        ),
        values,
    )


@contextmanager
def as_api(
    settings: Settings, organization_id: str | None, as_of: datetime = NOON
) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A session of the API's role in one transaction, its clock frozen."""
    with psycopg.connect(settings.url("api"), row_factory=dict_row) as connection:
        connection.execute(sql.SQL("set local app.as_of = {}").format(sql.Literal(as_of.isoformat())))
        if organization_id is not None:
            connection.execute(
                sql.SQL("set local app.organization_id = {}").format(sql.Literal(organization_id))
            )
        yield connection


def phone(number: str, kind: str = "Mobile", e164: str | None = None) -> dict[str, Any]:
    return {"number": number, "phone_type": kind, "phone_e164": e164}
