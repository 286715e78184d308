"""How many contacts and active patients an organization has, for the sync dashboard and for system health.

Both also answer before anything was ever built: the marts are not there yet, and so is nobody.
"""

from typing import LiteralString

from serving.answers import Answer, look
from serving.database import Database
from serving.errors import NotLoaded
from serving.guard import Member

COUNTED: LiteralString = """
    contacts as (
        select
            count(*) as total,
            count(*) filter (where not is_purged) as linked
        from marts.dim_patients
        where organization_id = %(organization_id)s and not is_merged and created_at <= asked.as_of
    ),

    active as (
        select
            count(*) as total,
            coalesce(round(avg(recent_appointment_count), 1), 0.0) as average_recent,
            max(last_appointment_date) as most_recent_at
        from marts.active_patients
        where organization_id = %(organization_id)s
    )
"""
NOBODY: LiteralString = """
    contacts as (select 0::bigint as total, 0::bigint as linked),

    active as (
        select 0::bigint as total, 0.0 as average_recent, null::timestamptz as most_recent_at
    )
"""


async def look_at_counts(
    database: Database, member: Member, statement: LiteralString, before_any_build: LiteralString
) -> Answer:
    """As `look`, with the second statement while the marts were never built."""
    try:
        return await look(database, member, statement, {})
    except NotLoaded:
        return await look(database, member, before_any_build, {})
