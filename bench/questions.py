"""The API's kind of questions, asked within Postgres as role routiq_api under row-level security."""

import statistics
import time

import psycopg
from psycopg import sql

from serving.features.active_patients.router import ACTIVE_PATIENTS, ALL_ACTIVE_PATIENTS, SUMMARY
from serving.features.contacts.router import ALL_CONTACTS, CONTACTS
from serving.features.reengagement.router import PRIORITIZED, RISK_METRICS
from warehouse.settings import Settings

QUESTIONS = {
    "risk_metrics": """
        select count(*) filter (where risk_level = 'critical'), count(*) filter (where risk_level = 'high'),
            count(*) filter (where risk_level = 'medium'), count(*) filter (where risk_level = 'low'),
            count(*) filter (where risk_level = 'engaged'), count(*) filter (where risk_level is null),
            sum(missed_appointments_14d) filter (where risk_level is not null),
            count(*) filter (where risk_level is not null and has_attended_last_30d
                and upcoming_appointment_count = 0),
            count(*) filter (where action_priority = 1)
        from marts.patient_reengagement_master_view""",
    "prioritised": """
        select * from marts.patient_reengagement_master_view where risk_level is not null
        order by action_priority, risk_score desc, lifetime_value desc nulls last,
            length(patient_id), patient_id
        limit 50""",
    "one_patient": "select * from marts.patient_reengagement_master_view where patient_id = '{one}'",
    "active_patients": "select * from marts.active_patients",
    "active_summary": """
        select count(*), count(*) filter (where upcoming_appointment_count > 0),
            avg(recent_appointment_count), avg(total_appointment_count) from marts.active_patients""",
    "contacts": "select * from marts.contacts_with_appointments",
    "recent_appointments": "select * from marts.patient_recent_appointments",
    "performance": "select * from marts.reengagement_performance_view",
}
# What the routes send, which is more: JSON, freshness, the clinic's zone.
STATEMENTS = {
    "route_risk_metrics": RISK_METRICS,
    "route_prioritized": PRIORITIZED,
    "route_active_patients": ACTIVE_PATIENTS,
    "route_all_active_patients": ALL_ACTIVE_PATIENTS,
    "route_active_summary": SUMMARY,
    "route_contacts": CONTACTS,
    "route_all_contacts": ALL_CONTACTS,
}
PARAMETERS = {
    "engagement_status": None,
    "risk_level": "all",
    "action_priority": None,
    "search": None,
    "digits": "",
    "after": None,
    "limit": 50,
    "filters": "{}",
}


def answers(settings: Settings, organization: str) -> dict[str, float]:
    """Median milliseconds of each question."""
    with psycopg.connect(settings.url("owner")) as connection:
        one = connection.execute(
            "select min(patient_id) from marts.dim_patients where organization_id = %s", [organization]
        ).fetchone()
    questions = {name: query.format(one=one and one[0]) for name, query in QUESTIONS.items()} | STATEMENTS
    return {name: ask(settings, organization, query) for name, query in questions.items()}


def ask(settings: Settings, organization: str, query: str, times: int = 15) -> float:
    """Prepared, in one session."""
    taken = []
    parameters = PARAMETERS | {"organization_id": organization}
    with psycopg.connect(settings.url("api")) as connection:
        _become(connection, organization)
        for _ in range(times):
            began = time.perf_counter()
            connection.execute(query.encode(), parameters, prepare=True).fetchall()
            taken.append(1_000 * (time.perf_counter() - began))
    return round(statistics.median(taken), 1)


def explain(settings: Settings, organization: str, name: str) -> str:
    query = (QUESTIONS | STATEMENTS)[name]
    with psycopg.connect(settings.url("api")) as connection:
        _become(connection, organization)
        rows = connection.execute(
            b"explain (analyze, buffers) " + query.encode(), PARAMETERS | {"organization_id": organization}
        ).fetchall()
    return "\n".join(row[0] for row in rows)


def _become(connection: psycopg.Connection, organization: str) -> None:
    connection.execute(sql.SQL("set local app.organization_id = {}").format(sql.Literal(organization)))
    connection.execute("set local statement_timeout = 0")
