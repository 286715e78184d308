"""Who has looked at which patients: one row before the first byte of every answer that names any.

An answer that cannot be recorded is not given (503). A 304 is recorded too: the caller keeps looking at what
it has. Rows hold ids, never content: of a search only that there was one.
"""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from psycopg.types.json import Jsonb
from starlette.requests import Request

from serving.answers import Answer
from serving.database import Database, DatabaseError
from serving.errors import Unavailable
from serving.guard import Member

RECORD: LiteralString = """
insert into app.audit_log
    (organization_id, actor, session_id, role, action, route, patient_ids, query, outcome, request_id)
values (
    %(organization_id)s, %(actor)s, %(session_id)s, %(role)s, 'read', %(route)s, %(patient_ids)s,
    %(query)s, %(outcome)s, %(request_id)s
)
"""


async def record_view(
    database: Database, request: Request, member: Member, answer: Answer, query: Mapping[str, object]
) -> None:
    """Write down that `member` is about to see the patients of `answer`; durable when it returns.

    Raises:
        Unavailable: it cannot be written.
    """
    outcome = "not_modified" if answer.is_known_to(request) else "shown"
    row = {**entry(request, member, answer.patient_ids, query), "outcome": outcome}
    try:
        await database.write(member.organization_id, RECORD, row)
    except DatabaseError:
        raise Unavailable from None


def entry(
    request: Request, member: Member, patient_ids: Sequence[str], query: Mapping[str, object]
) -> dict[str, object]:
    """Who asks what about whom: the parameters of a statement that writes an audit row."""
    return {
        "organization_id": member.organization_id,
        "actor": member.subject,
        "session_id": member.session_id,
        "role": "operator" if member.is_operator else member.role,
        "route": request.scope["route"].path,
        "patient_ids": list(patient_ids),
        "query": Jsonb(query),
        "request_id": request.state.request_id,
    }
