"""The audit log as the API writes it."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from warehouse.settings import Settings

APPEND = """
insert into app.audit_log
    (organization_id, actor, role, action, route, patient_ids, query, outcome, request_id)
values (%s, %s, 'member', 'read', '/list', %s, '{"limit": 1.50, "q": "\\u00e9"}', 'shown', 'r')
"""


def append(warehouse: Settings, organization_id: str = "org_a", *views: Sequence[str]) -> None:
    """One row for each list of patients, each in a transaction of its own, as the API does it."""
    with psycopg.connect(warehouse.url("api"), autocommit=True) as connection:
        for number, patient_ids in enumerate(views):
            with connection.transaction():
                connection.execute("set transaction read write")
                connection.execute(
                    sql.SQL("set local app.organization_id = {}").format(sql.Literal(organization_id))
                )
                connection.execute(APPEND, [organization_id, f"user_{number}", list(patient_ids)])
