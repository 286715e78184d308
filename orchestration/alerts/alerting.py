"""One alert for each change of state, delivered at least once, and what could not be delivered is known.

standing, failed jobs -> app.organization_alerts, app.job_alerts -> Apprise. What is to be told is written
down first, so neither a restart nor an address that is away loses it; what is told is not told again.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from orchestration.alerts.standing import REMEDIES, Standing, State

HEADLINES: dict[str, str] = {
    "fine": "recovered",
    "incomplete": "sync incomplete",
    "late": "data late",
    "held_back": "new data held back",
    "failed": "failed",
}
NOTE = """
insert into app.{table} as known ({key}, state, reason, remedy, dagster_run_id)
values (%(subject)s, %(state)s, %(reason)s, %(remedy)s, %(dagster_run_id)s)
on conflict ({key}) do update
set state = excluded.state, reason = excluded.reason, remedy = excluded.remedy,
    dagster_run_id = excluded.dagster_run_id
"""
# Whoever has heard of a state that the others have not hears of its end as well.
TURN = """
update app.{table}
set since = now(), attempts = 0, next_attempt_at = now(), last_error = null, delivered_to = '{{}}',
    told_state = case when delivered_to = '{{}}' then told_state else state end
where {key} = %(subject)s and state <> %(state)s
"""
UNTOLD = """
select {key} as key, {subject} as subject, state, since, reason, remedy, dagster_run_id, told_state,
    attempts, delivered_to, last_error, next_attempt_at
from app.{table} as known
where state <> told_state
"""
DUE = " and next_attempt_at <= now() order by {key} limit 1 for update skip locked"
TOLD = """
update app.{table}
set told_state = state, told_at = now(), attempts = attempts + 1, last_error = null, delivered_to = '{{}}'
where {key} = %(key)s
"""
PUT_OFF = """
update app.{table}
set attempts = attempts + 1, last_error = %(last_error)s, delivered_to = %(delivered_to)s,
    next_attempt_at = now() + least(interval '1 hour', interval '1 minute' * 2 ^ least(attempts, 10))
where {key} = %(key)s
"""
KNOWN = "select organization_id, state, reason, dagster_run_id from app.organization_alerts"
PAUSED = """
delete from app.organization_alerts
where not exists (
    select from app.organizations
    where organizations.organization_id = organization_alerts.organization_id and is_active and sync_enabled
)
"""


@dataclass(frozen=True)
class Ledger:
    """One of the two tables; `subject` says in SQL what people call a row."""

    table: LiteralString
    key: LiteralString
    subject: LiteralString

    def query(self, text: LiteralString) -> sql.Composed:
        return sql.SQL(text).format(
            table=sql.Identifier(self.table), key=sql.Identifier(self.key), subject=sql.SQL(self.subject)
        )


ORGANIZATIONS = Ledger(
    "organization_alerts",
    "organization_id",
    "(select name || ' (' || organization_id || ')' from app.organizations"
    " where organizations.organization_id = known.organization_id)",
)
JOBS = Ledger("job_alerts", "job_name", "'Dagster''s job ' || job_name")


@dataclass(frozen=True)
class Untold:
    """An alert that is still to be told, to all or to some."""

    key: str
    subject: str
    state: State
    since: datetime
    reason: str
    remedy: str
    dagster_run_id: str | None
    told_state: State
    attempts: int
    delivered_to: list[str]
    last_error: str | None
    next_attempt_at: datetime

    @property
    def title(self) -> str:
        return f"Routiq: {self.subject}: {HEADLINES[self.state]}"

    def body(self, pages: str) -> str:
        """`pages` is the address of Dagster's."""
        link = f"{pages}/runs/{self.dagster_run_id}" if self.dagster_run_id else f"{pages}/runs"
        was = f" (was: {HEADLINES[self.told_state]})" if self.state == "fine" else ""
        since = f"since {self.since:%Y-%m-%d %H:%M} UTC"
        return f"{self.reason}{was}, {since}\nTo do: {self.remedy}\n{link}"


def note_standings(connection: psycopg.Connection[Any], standings: Iterable[Standing]) -> None:
    """A clinic that is paused is forgotten: nobody is told of it, and it begins anew when it is resumed.

    One that stands as it did is not written.
    """
    with connection.transaction():
        connection.execute(PAUSED)
        known = {Standing(*row) for row in connection.execute(KNOWN)}
        for one in standings:
            if one in known:
                continue
            _note(connection, ORGANIZATIONS, one.organization_id, one.state, one.reason, one.dagster_run_id)


def note_job(
    connection: psycopg.Connection[Any], job_name: str, state: State, reason: str, dagster_run_id: str
) -> None:
    with connection.transaction():
        _note(connection, JOBS, job_name, state, reason, dagster_run_id)


def failed_jobs(connection: psycopg.Connection[Any]) -> dict[str, datetime]:
    """Since when."""
    return dict(
        connection.execute("select job_name, since from app.job_alerts where state = 'failed'").fetchall()
    )


def undelivered(connection: psycopg.Connection[Any]) -> list[Untold]:
    """What somebody should have heard by now."""
    with connection.cursor(row_factory=class_row(Untold)) as cursor:
        return [
            untold
            for ledger in (ORGANIZATIONS, JOBS)
            for untold in cursor.execute(ledger.query(UNTOLD)).fetchall()
            if untold.last_error
        ]


def deliver(connection: psycopg.Connection[Any], addresses: list[str], pages: str) -> tuple[int, list[str]]:
    """Tell what is due; returns how many alerts reached everybody, and what went wrong with the others."""
    told, faults = 0, []
    for ledger in (ORGANIZATIONS, JOBS):
        while addresses and (untold := _deliver_next(connection, ledger, addresses, pages)):
            if untold.last_error:
                faults.append(f"{untold.subject}: {untold.last_error}")
            else:
                told += 1
    return told, faults


def _note(
    connection: psycopg.Connection[Any],
    ledger: Ledger,
    subject: str,
    state: State,
    reason: str,
    dagster_run_id: str | None,
) -> None:
    values = {"subject": subject, "state": state, "reason": reason, "dagster_run_id": dagster_run_id}
    connection.execute(ledger.query(TURN), values)
    connection.execute(ledger.query(NOTE), values | {"remedy": _remedy(ledger, state)})


def _remedy(ledger: Ledger, state: State) -> str:
    if ledger is JOBS and state == "failed":
        return "the run's page says at which step and why; readers keep the last good data"
    return REMEDIES[state]


def _deliver_next(
    connection: psycopg.Connection[Any], ledger: Ledger, addresses: list[str], pages: str
) -> Untold | None:
    """One alert to whom has not had it. The row is held meanwhile: nobody else tells it too."""
    with connection.transaction(), connection.cursor(row_factory=class_row(Untold)) as cursor:
        untold = cursor.execute(ledger.query(UNTOLD + DUE)).fetchone()
        if untold is None:
            return None
        taken, last_error = _tell(untold, addresses, pages)
        connection.execute(
            ledger.query(PUT_OFF if last_error else TOLD),
            {"key": untold.key, "last_error": last_error, "delivered_to": taken},
        )
        return Untold(**{**vars(untold), "last_error": last_error})


def _tell(untold: Untold, addresses: list[str], pages: str) -> tuple[list[str], str | None]:
    """Digests of who has it now, and who has not. An address is a secret: only its kind is named."""
    from apprise import Apprise  # noqa: PLC0415 - only those who are alerted wait for it

    taken, refused = [], []
    for number, address in enumerate(addresses, 1):
        digest = hashlib.sha256(address.encode()).hexdigest()[:16]
        messenger = Apprise()
        is_taken = digest in untold.delivered_to or (
            messenger.add(address) and messenger.notify(title=untold.title, body=untold.body(pages))
        )
        if is_taken:
            taken.append(digest)
        else:
            kind = address.partition(":")[0]
            refused.append(f"address {number} of ROUTIQ_ALERT_URLS ({kind}) does not take it")
    return taken, "; ".join(refused) or None
