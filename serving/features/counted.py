"""How many contacts and active patients an organization has, for the sync dashboard and for system health.

The counts are an answer of the data's, kept as such; how syncs run is read at each look.
"""

import json
from dataclasses import replace
from typing import LiteralString

from serving.access.caller import Member
from serving.data.answer import Answer
from serving.data.asking import ask, look
from serving.data.database import Database
from serving.data.framing import framed, instant
from serving.http.errors import NotLoaded

COUNTS: LiteralString = framed(f"""
    with contacts as (
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

    select
        json_build_object(
            'contact_metrics', json_build_object(
                'total_contacts', contacts.total,
                'cliniko_linked', contacts.linked,
                'unlinked', contacts.total - contacts.linked,
                'link_percentage', coalesce(
                    round(100.0 * contacts.linked / nullif(contacts.total, 0), 1), 0.0
                )
            ),
            'active_patient_metrics', json_build_object(
                'total_active', active.total,
                'avg_recent_appointments', active.average_recent,
                'most_recent_appointment', {instant("active.most_recent_at")}
            )
        )::text as body,
        '{{}}'::text[] as patient_ids
    from contacts cross join active
""")
# Before anything was ever built there are no marts, and so is nobody.
NOBODY = json.dumps(
    {
        "contact_metrics": {"total_contacts": 0, "cliniko_linked": 0, "unlinked": 0, "link_percentage": 0.0},
        "active_patient_metrics": {
            "total_active": 0,
            "avg_recent_appointments": 0.0,
            "most_recent_appointment": None,
        },
    }
)


async def look_at_counts(database: Database, member: Member, statement: LiteralString) -> Answer:
    """As `look`, with the counts as the parameter `counts` (json); the answer is as old as they are."""
    try:
        counts = await ask(database, member, COUNTS, {})
    except NotLoaded:
        return await look(database, member, statement, {"counts": NOBODY})
    answer = await look(database, member, statement, {"counts": counts.body})
    return replace(answer, data_as_of=counts.data_as_of, is_stale=counts.is_stale)
