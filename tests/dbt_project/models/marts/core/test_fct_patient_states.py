"""A state of a patient is what the facts of its instants add up to, at both sides of every change."""

import re
from datetime import datetime

import psycopg
import pytest

from orchestration.dbt.build import dbt_home
from tests.dbt_project.clinic import as_api
from warehouse.settings import Settings

# Everything a state says, added up from the facts themselves as they are at app.as_of().
DIFFERENCES = """
with visits as (
    select
        patient_id,
        max(starts_at) filter (where is_attended) as last_attended_at,
        min(starts_at) filter (where is_booked) as next_booked_at,
        max(starts_at) filter (where is_missed) as last_missed_at,
        max(cancelled_at) as last_cancelled_at,
        max(created_at) filter (where created_at < starts_at) as last_booking_made_at,
        count(*) filter (where is_attended) as attended_count,
        count(*) filter (where is_missed) as missed_count,
        count(*) filter (where is_booked) as booked_count,
        array_agg(starts_at order by starts_at) filter (
            where is_attended and starts_at >= app.as_of() - interval '91 days'
        ) as attended_at,
        array_agg(starts_at order by starts_at) filter (
            where is_missed and starts_at >= app.as_of() - interval '91 days'
        ) as missed_at
    from marts.visits_as_of
    group by patient_id
),
messages as (
    select patient_id, max(contacted_at) as last_message_at
    from marts.fct_contacts
    where contacted_at <= app.as_of() and coalesce(removed_at > app.as_of(), true)
    group by patient_id
),
cases as (
    select patient_id, max(closed_at) as last_closed_at
    from marts.fct_patient_cases
    where created_at <= app.as_of() and coalesce(removed_at > app.as_of(), true)
    group by patient_id
    having bool_and(coalesce(closed_at <= app.as_of(), false))
),
invoices as (
    select patient_id, sum(signed_amount) as lifetime_value
    from marts.fct_invoices
    where created_at <= app.as_of() and coalesce(removed_at > app.as_of(), true)
    group by patient_id
),
expected as (
    select
        patient_id,
        coalesce(
            greatest(last_attended_at, last_booking_made_at, last_message_at), persons.created_at
        ) as last_contact_at,
        coalesce(last_attended_at, last_booking_made_at, last_message_at) is not null as has_contact,
        last_attended_at, next_booked_at, last_missed_at, last_cancelled_at,
        coalesce(attended_count, 0) as attended_count,
        coalesce(missed_count, 0) as missed_count,
        coalesce(booked_count, 0) as booked_count,
        coalesce(attended_at, '{}') as attended_at,
        coalesce(missed_at, '{}') as missed_at,
        last_closed_at is not null and coalesce(last_attended_at <= last_closed_at, true) as is_discharged,
        coalesce(lifetime_value, 0) as lifetime_value
    from marts.dim_patients as persons
    left join visits using (patient_id)
    left join messages using (patient_id)
    left join cases using (patient_id)
    left join invoices using (patient_id)
    where not is_merged and not is_purged
        and persons.created_at <= app.as_of() and coalesce(archived_at > app.as_of(), true)
),
actual as (
    select
        patient_id, last_contact_at, has_contact, last_attended_at, next_booked_at, last_missed_at,
        last_cancelled_at, attended_count::bigint, missed_count::bigint, booked_count::bigint,
        array(
            select starts_at from unnest(attended_at) as starts_at
            where starts_at >= app.as_of() - interval '91 days'
        ) as attended_at,
        array(
            select starts_at from unnest(missed_at) as starts_at
            where starts_at >= app.as_of() - interval '91 days'
        ) as missed_at,
        is_discharged, lifetime_value
    from marts.fct_patient_states
    where from_at <= app.as_of() and to_at > app.as_of()
)
(table expected except all table actual) union all (table actual except all table expected)
"""


def instants(settings: Settings, organization_id: str) -> list[datetime]:
    """Each instant at which any state of the clinic begins or ends, and the last one before it."""
    with psycopg.connect(settings.url("owner")) as connection:
        rows = connection.execute(
            "select distinct edge_at - before from marts.fct_patient_states"
            " cross join lateral (values (from_at), (to_at)) as edges (edge_at)"
            " cross join (values (interval '0'), (interval '1 microsecond')) as sides (before)"
            " where organization_id = %s and edge_at < 'infinity' order by 1",
            [organization_id],
        )
        return [row[0] for row in rows]


def test_states_are_what_the_facts_add_up_to(built: Settings) -> None:
    asked = instants(built, "org_main")
    assert len(asked) > 100
    for instant in asked:
        with as_api(built, "org_main", instant) as connection:
            assert connection.execute(DIFFERENCES).fetchall() == [], instant


DAMAGES = {
    "gap": "to_at = to_at - interval '1 second'",
    "overlap": "to_at = to_at + interval '1 second'",
    "no time": "to_at = from_at",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_gate_finds_states_that_overlap_or_leave_gaps(built: Settings, damage: str) -> None:
    (gate,) = (dbt_home(built) / "target" / "compiled").rglob("spans_are_seamless_*.sql")
    # whichever database was built last: the folder is one for all of this session's
    statement = re.sub(r'"\w+"\."candidates"', '"candidates"', gate.read_text()).encode()
    with psycopg.connect(built.url("owner")) as connection:
        assert connection.execute(statement).fetchall() == []
        connection.execute(
            f"update candidates.fct_patient_states set {DAMAGES[damage]} where to_at < 'infinity'".encode()
        )
        assert connection.execute(statement).fetchall() != []
        connection.rollback()
