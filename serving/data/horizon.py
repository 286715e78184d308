"""The next instant at which time alone changes an organization's answers: the next start of a visit, local
midnight, a 24 hours' edge.
"""

from serving.data.database import Database, DatabaseError
from serving.data.framing import statement
from serving.http.errors import NotLoaded

HORIZON = statement("data/horizon.sql")


async def horizon_of(database: Database, organization_id: str) -> float | None:
    """Seconds until time alone changes an answer; None when that cannot be told."""
    try:
        row = await database.read(organization_id, HORIZON, {"organization_id": organization_id})
    except (NotLoaded, DatabaseError):
        return None
    return row["seconds"] if row else None
