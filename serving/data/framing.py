"""A data statement is its answer's body, framed: one round trip tells whether the organization is known,
active and loaded, how old its data is, and brings the body as JSON text that Postgres has made.
"""

from typing import LiteralString


def instant(expression: LiteralString) -> LiteralString:
    """SQL: an instant as RFC 3339 in UTC, to the second."""
    return f"""to_char({expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def money(expression: LiteralString) -> LiteralString:
    """SQL: an exact amount as text, with two decimals or as many more as it has."""
    return f"round({expression}, greatest(2, min_scale({expression})))::text"


def framed(body: LiteralString) -> LiteralString:
    """A statement whose body may refer to `asked`: the organization, its zone, the clock, the data's age.

    The body filters by the parameter `organization_id`, not by `asked`: only so the planner sees whose rows.

    `body` is a select of one row: `body` (json) and `patient_ids` (text[] of everybody it names), and
    `next_key` (text[], where the next page begins) if it pages.
    """
    return f"""
with asked as materialized (
    select
        organizations.organization_id,
        organizations.time_zone,
        organizations.is_active,
        publications.data_as_of,
        app.as_of() as as_of,
        coalesce(current_setting('app.as_of', true), '') <> '' as is_frozen
    from app.organizations as organizations
    left join app.publications as publications
        on publications.organization_id = organizations.organization_id
    where organizations.organization_id = %(organization_id)s
)

select
    asked.is_active,
    {instant("asked.data_as_of")} as data_as_of,
    {instant("asked.as_of")} as as_of,
    asked.is_frozen,
    asked.data_as_of <= asked.as_of - interval '24 hours' as is_stale,
    answered.*
from asked
cross join lateral (
{body}
) as answered
"""
