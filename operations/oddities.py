"""What clinics hold that cannot be counted, or not as they mean it: the facts behind `routiq doctor`'s data.

The mart `data_quality` says what is odd, of the tables as they are; here is what checks hold back.
"""

from dataclasses import dataclass, field

import psycopg

from warehouse.settings import Settings

BUILT = """
select to_regclass('checks.held_back') is not null and to_regclass('operations.data_quality') is not null
"""
FOUND = """
select organization_id, finding, records, remedy, example_ids from operations.data_quality
order by organization_id, remedy = '', finding
"""
HELD_BACK = """
select organization_id, 'rows found by check ' || check_name || ': the last good data stays', failed_rows
from checks.held_back
"""
MEND = "mend them in Cliniko, then sync; their keys are in schema checks"


@dataclass(frozen=True)
class Oddity:
    """`remedy` is empty where nothing need be done."""

    organization_id: str
    what: str
    records: int
    remedy: str = ""
    examples: list[str] = field(default_factory=list)


def find_oddities(settings: Settings) -> list[Oddity] | None:
    """By organization; None before the first build."""
    with psycopg.connect(settings.url("owner"), connect_timeout=3) as connection:
        built = connection.execute(BUILT).fetchone()
        if built != (True,):
            return None
        found = [Oddity(*row) for row in connection.execute(FOUND)]
        for organization_id, what, rows in connection.execute(HELD_BACK):
            found.append(Oddity(organization_id, what, rows, MEND))
    return found
