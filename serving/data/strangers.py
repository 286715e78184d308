"""The organizations whose patients exist: those whose Cliniko is not on this machine, as the demo's is."""

from typing import LiteralString

from serving.data.database import Database
from serving.http.errors import Unavailable

STRANGERS: LiteralString = """
    select array(
        select organization_id
        from app.organizations
        left join app.cliniko_credentials using (organization_id)
        where is_loopback is not true
        order by organization_id
        limit 20
    ) as strangers
"""


async def find_strangers(operators: Database) -> list[str]:
    """Their ids, twenty at most.

    Raises:
        Unavailable: the database is away, so nobody can tell.
    """
    row = await operators.read("", STRANGERS, {})
    if row is None:
        raise Unavailable
    return [*row["strangers"]]
