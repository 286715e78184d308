"""The organizations whose patients exist: those whose Cliniko is not on this machine, as the demo's is."""

from serving.data.database import Database
from serving.data.framing import statement
from serving.http.errors import Unavailable

STRANGERS = statement("data/strangers.sql")


async def find_strangers(operators: Database) -> list[str]:
    """Their ids, twenty at most.

    Raises:
        Unavailable: the database is away, so nobody can tell.
    """
    row = await operators.read("", STRANGERS, {})
    if row is None:
        raise Unavailable
    return [*row["strangers"]]
