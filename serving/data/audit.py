"""Who has looked at which patients: one row before the first byte of every answer that names any.

An answer that cannot be recorded is not given (503). A 304 is recorded too: the caller keeps looking at what
it has. Rows hold ids, never content: of a search only that there was one. Each row is chained to the one
before by its hash, in the database, and none is ever changed: `routiq audit verify` tells.
"""

import uuid
from collections.abc import Mapping, Sequence

from psycopg.types.json import Jsonb
from starlette.requests import Request

from serving.access.caller import Member
from serving.data.database import DatabaseError
from serving.data.framing import statement
from serving.data.group_commit import GroupCommit
from serving.http.errors import Unavailable

# Their order in the chain is the order of the list.
RECORD = statement("data/audit.sql")


async def record_view(
    request: Request, patient_ids: Sequence[str], query: Mapping[str, object], outcome: str
) -> None:
    """Write down that whoever asks is about to see these patients; durable when it returns.

    Raises:
        Unavailable: it cannot be written.
    """
    member: Member = request.state.member
    row = {
        **entry(request, member, patient_ids, query),
        "id": str(uuid.uuid4()),
        "query": dict(query),
        "outcome": outcome,
    }
    audit: GroupCommit = request.app.state.services.audit
    try:
        await audit.write(member.organization_id, row)
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
