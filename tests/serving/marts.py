"""Served relations as plain tables behind the same isolation, for edge cases: their columns are the dbt
contract's, and what is computed in the real marts is simply stated here."""

import datetime as dt
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import yaml  # type: ignore[import-untyped]
from psycopg import sql
from psycopg.types.json import Json, Jsonb

from serving.data.projection import column_of
from serving.features.channels import METHODS
from serving.features.reengagement.schemas import PATIENT_EXAMPLE, PrioritizedPatient
from warehouse.settings import Settings

TODAY = dt.date(2025, 6, 30)
AS_OF = dt.datetime(2025, 6, 30, 12, tzinfo=dt.UTC)
PERIODS = {"7d": 7, "30d": 30, "90d": 90, "6m": 182, "1y": 365}

MODELS = Path(__file__).parents[2] / "dbt_project" / "models" / "marts"
TABLES: tuple[LiteralString, ...] = (
    "active_patients",
    "patient_reengagement_master_view",
    "contacts_with_appointments",
    "patient_recent_appointments",
    "reengagement_performance_view",
    "reengagement_trends",
    "channel_daily",
    "channel_trends",
    "failed_outreach",
    "sync_health",
    "dim_patients",
    "dim_appointment_types",
    "dim_practitioners",
    "visits_as_of",
    "fct_treatment_notes",
    "fct_visits",
)


def contract(model: str) -> dict[LiteralString, LiteralString]:
    """Column -> type, as the model's own file says."""
    (file,) = MODELS.rglob(f"{model}.yml")
    document: dict[str, Any] = yaml.safe_load(file.read_text())
    (described,) = [found for found in document["models"] if found["name"] == model]
    return {column["name"]: column["data_type"] for column in described["columns"]}


RELATIONS = {table: contract(table) for table in TABLES}
TABLE = """
create table marts.{table} ({columns});
select app.isolate_tenants('marts.{table}');
"""

Row = dict[str, Any]


def make_relations(warehouse: Settings) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute("create schema marts")
        connection.execute("grant usage on schema marts to routiq_api")
        for table, columns in RELATIONS.items():
            parts = [f"{name} {kind}" for name, kind in columns.items()]
            connection.execute(
                sql.SQL(TABLE).format(table=sql.Identifier(table), columns=sql.SQL(", ".join(parts)))
            )
    freeze(warehouse, AS_OF)


def freeze(warehouse: Settings, as_of: dt.datetime) -> None:
    """Stop the clock of every later session of this database."""
    with psycopg.connect(warehouse.url("admin"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("alter database {} set app.as_of = {}").format(
                sql.Identifier(warehouse.database_name), sql.Literal(as_of.isoformat())
            )
        )


def insert(connection: psycopg.Connection[Any], table: LiteralString, rows: list[Row]) -> None:
    """The visits of a patient on a list go where the routes read them."""
    for row in rows:
        values = {name: value for name, value in row.items() if name != "recent_appointments"}
        connection.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                sql.SQL(table),
                sql.SQL(", ").join(map(sql.Identifier, values)),
                sql.SQL(", ").join(map(sql.Placeholder, values)),
            ),
            values,
        )
        if "recent_appointments" in row:
            connection.execute(
                """
                insert into marts.patient_recent_appointments
                select %(organization_id)s, %(patient_id)s, %(visits)s
                where not exists (
                    select from marts.patient_recent_appointments
                    where organization_id = %(organization_id)s and patient_id = %(patient_id)s
                )
                """,
                {
                    "organization_id": row["organization_id"],
                    "patient_id": row.get("patient_id") or row["cliniko_patient_id"],
                    "visits": Jsonb(row["recent_appointments"]),
                },
            )


def add_organization(
    warehouse: Settings, organization_id: str, *, data_as_of: dt.datetime | None = None, active: bool = True
) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute(
            "insert into app.organizations (organization_id, name, time_zone, is_active) "
            "values (%s, %s, %s, %s)",
            [organization_id, f"Clinic {organization_id}", "Australia/Sydney", active],
        )
        if data_as_of:
            connection.execute(
                "insert into app.publications values (%s, 1, %s, %s)",
                [organization_id, data_as_of, data_as_of],
            )


def days_ago(days: float) -> dt.datetime:
    return AS_OF - dt.timedelta(days=days)


def master_row(organization_id: str, patient_id: str, **more: Any) -> Row:
    """A patient of the master view: critical, forty-seven days away, unless `more` says otherwise.

    A column that is not named here is as the schema's example has it.
    """
    fields = PrioritizedPatient.model_fields.items()
    return (
        {str(column_of(name, field)): PATIENT_EXAMPLE[name] for name, field in fields}
        | {
            "organization_id": organization_id,
            "patient_id": patient_id,
            "patient_name": f"Pat {organization_id} {patient_id}",
            "phone": "+61491570006",
            "email": f"p{patient_id}.{organization_id}@example.com",
            "engagement_status": "dormant",
            "risk_level": "critical",
            "risk_score": 85,
            "days_since_last_contact": 47,
            "last_contact_at": days_ago(47),
            "last_appointment_date": days_ago(47),
            "next_scheduled_appointment": None,
            "recommended_action": "DORMANT: Re-engagement campaign needed",
            "action_priority": 1,
            "risk_reasons": ["days_since_contact", "nothing_booked"],
            "previous_response_rate": 78.5,
            "total_lifetime_appointments": 12,
            "missed_appointments_last_90d": 2,
            "missed_appointments_14d": 0,
            "attendance_rate_90d": 71.4,
            "lifetime_value": "1140.00",
            "upcoming_appointment_count": 0,
            "has_attended_last_30d": False,
            "created_at": days_ago(400),
            "updated_at": days_ago(40),
        }
        | more
    )


def active_row(organization_id: str, patient_id: str, **more: Any) -> Row:
    """A patient of the active list: three visits in the last weeks, one ahead."""
    return {
        "organization_id": organization_id,
        "patient_id": patient_id,
        "id": int(patient_id) % 2**52,
        "contact_id": f"00000000-0000-8000-8000-{int(patient_id) % 16**12:012x}",
        "contact_name": f"Pat {organization_id} {patient_id}",
        "contact_phone": "61491570006",
        "recent_appointment_count": 3,
        "upcoming_appointment_count": 1,
        "total_appointment_count": 15,
        "last_appointment_date": days_ago(5),
        "recent_appointments": [
            {
                "id": "9007199254740993123",
                "date": "2025-06-25T12:00:00Z",
                "type": "Standard consultation",
                "practitioner": "Alex Example",
                "status": "attended",
            }
        ],
        "created_at": days_ago(400),
        "updated_at": days_ago(4),
    } | more


def contact_row(organization_id: str, patient_id: str, **more: Any) -> Row:
    """The same patient as a contact: what the active list shows, and the e-mail address."""
    active = active_row(organization_id, patient_id)
    shared = (
        *("organization_id", "contact_id", "recent_appointment_count", "upcoming_appointment_count"),
        *("last_appointment_date", "recent_appointments"),
    )
    return {
        **{name: active[name] for name in shared},
        "name": active["contact_name"],
        "phone": active["contact_phone"],
        "email": f"p{patient_id}.{organization_id}@example.com",
        "cliniko_patient_id": patient_id,
    } | more


def patient_row(organization_id: str, patient_id: str, **more: Any) -> Row:
    """A live patient of the dimension."""
    return {
        "organization_id": organization_id,
        "patient_id": patient_id,
        "survivor_patient_id": patient_id,
        "is_merged": False,
        "is_purged": False,
        "created_at": days_ago(400),
        "archived_at": None,
    } | more


def channels(texts: int) -> Json:
    """The document's sample, but for the number of texts sent."""
    return Json(
        {
            "sms": {"sent": texts, "delivered": 87, "responded": 52, "response_rate": 59.8},
            "email": {
                "sent": 78,
                "opened": 45,
                "opened_tracked": True,
                "responded": 23,
                "response_rate": 51.1,
            },
            "phone": {"attempted": 34, "connected": 28, "appointment_booked": 21, "conversion_rate": 75.0},
        }
    )


def performance_row(organization_id: str, timeframe: str, **more: Any) -> Row:
    """The document's sample."""
    return {
        "organization_id": organization_id,
        "timeframe": timeframe,
        "outreach_attempts": 145,
        "successful_contacts": 89,
        "contact_success_rate": "61.4",
        "appointments_scheduled": 67,
        "conversion_rate": "75.3",
        "avg_days_to_reengage": "8.5",
        "communication_channels": channels(95),
        "industry_avg_contact_rate": "55.0",
        "industry_avg_conversion": "68.0",
        "our_performance": "above_average",
    } | more


def daily_rows(organization_id: str, **today: Any) -> list[Row]:
    """The days of a year, today last, on which nothing happened but what `today` says of the last."""
    quiet = dict.fromkeys(
        (name for name, kind in RELATIONS["reengagement_trends"].items() if kind in {"bigint", "numeric"}), 0
    ) | {"critical_trend": "stable", "high_trend": "stable", "is_improvement": False}
    rows: list[Row] = [
        {"organization_id": organization_id, "day": TODAY - dt.timedelta(days=ago)} | quiet
        for ago in range(364, -1, -1)
    ]
    rows[-1] |= today
    return rows


def of_each_period(rows: list[Row]) -> list[Row]:
    return [row | {"period": period} for period, days in PERIODS.items() for row in rows[-days:]]


def channel_rows(organization_id: str) -> list[Row]:
    """Each channel in each period: no trend."""
    quiet = {"change_points": "0.0", "success_rate_trend": "stable"}
    return [
        {"organization_id": organization_id, "period": period, "method": method, "place": place} | quiet
        for period in PERIODS
        for place, method in enumerate(METHODS, 1)
    ]
