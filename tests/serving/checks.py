"""What tests of several features look for: in answers, and in the database behind them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import httpx
import psycopg
from psycopg import sql

from warehouse.settings import Settings

PROBLEM_KEYS = {"type", "title", "status", "detail", "timestamp", "request_id"}


def audit_rows(warehouse: Settings) -> list[Any]:
    with psycopg.connect(warehouse.url("owner")) as connection:
        return connection.execute(
            "select organization_id, actor, role, route, patient_ids, outcome, request_id, query "
            "from app.audit_log order by at"
        ).fetchall()


def problem(answer: httpx.Response, status: int) -> dict[str, object]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = answer.json()
    assert body.keys() - {"errors"} == PROBLEM_KEYS
    assert body["status"] == status
    return body


@contextmanager
def without_isolation(warehouse: Settings, table: LiteralString) -> Iterator[None]:
    with psycopg.connect(warehouse.url("owner"), autocommit=True) as connection:
        connection.execute(sql.SQL("alter table {} disable row level security").format(sql.SQL(table)))
        try:
            yield
        finally:
            connection.execute(sql.SQL("alter table {} enable row level security").format(sql.SQL(table)))
