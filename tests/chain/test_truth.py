"""The API's answers equal the truth the generator drew, for each clinic, before and after changes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ingestion.cliniko.feeds import FEEDS
from sandbox.clinics.changes import apply_changes, draw_changes
from sandbox.clinics.truth import truth_at
from sandbox.clinics.truth_model import PatientTruth, Truth
from tests.chain.conftest import Chain, Clinic

LEVELS = ("critical", "high", "medium", "low", "engaged")
LISTED = {
    "id": "patient_id",
    "name": "name",
    "phone": "phone",
    "email": "email",
    "risk_level": "risk_level",
    "risk_score": "risk_score",
    "days_since_last_contact": "days_since_last_contact",
    "last_appointment_date": "last_appointment_date",
    "next_scheduled_appointment": "next_scheduled_appointment",
    "recommended_action": "recommended_action",
    "action_priority": "action_priority",
    "total_lifetime_appointments": "total_lifetime_appointments",
    "missed_appointments_last_90d": "missed_appointments_last_90d",
    "attendance_rate_90d": "attendance_rate_90d",
}


def prioritized(chain: Chain, clinic: Clinic, **params: Any) -> Iterator[dict[str, Any]]:
    """The whole list, page by page."""
    cursor: dict[str, str] = {}
    while True:
        body = chain.ask(
            clinic, "/api/v1/reengagement/{org}/patients/prioritized", limit=200, **params, **cursor
        )
        yield from body["patients"]
        if not body["summary"].get("next_cursor"):
            return
        cursor = {"cursor": body["summary"]["next_cursor"]}


def expected_row(truth: PatientTruth) -> dict[str, Any]:
    row = {name: getattr(truth, source) for name, source in LISTED.items()}
    rate = row["attendance_rate_90d"]
    return {**row, "attendance_rate_90d": None if rate is None else float(rate)}


def check_risk_metrics(chain: Chain, clinic: Clinic, truth: Truth) -> None:
    body = chain.ask(clinic, "/api/v1/reengagement/{org}/risk-metrics")
    assert body["risk_summary"] == truth.summary.risk_summary
    assert body["stale_patients"] == truth.summary.stale_patients
    assert body["immediate_actions_required"] == truth.summary.immediate_actions_required
    assert body["alerts"] == {
        "missed_appointments_14d": truth.summary.missed_appointments_14d,
        "failed_communications": 0,
        "no_future_appointments": truth.summary.no_future_appointments,
    }


def check_prioritized(chain: Chain, clinic: Clinic, truth: Truth) -> None:
    at_risk = [i for i in truth.prioritised if truth.patients[i].risk_level is not None]
    rows = list(prioritized(chain, clinic))
    assert [row["id"] for row in rows] == at_risk
    assert [{name: row[name] for name in LISTED} for row in rows] == [
        expected_row(truth.patients[i]) for i in at_risk
    ]
    assert [row["lifetime_value"] and Decimal(row["lifetime_value"]) for row in rows] == [
        truth.patients[i].lifetime_value for i in at_risk
    ]
    stale = {row["id"] for row in prioritized(chain, clinic, engagement_status="stale")}
    assert stale == {i for i, row in truth.patients.items() if row.engagement_status == "stale"}


def check_active_patients(chain: Chain, clinic: Clinic, truth: Truth) -> None:
    summary = chain.ask(clinic, "/api/v1/admin/active-patients/{org}/summary")
    assert summary["total_active_patients"] == truth.summary.total_active_patients
    assert summary["patients_with_recent_appointments"] == truth.summary.total_active_patients
    assert summary["patients_with_upcoming_appointments"] == truth.summary.patients_with_upcoming_appointments
    assert summary["avg_recent_appointments"] == float(truth.summary.avg_recent_appointments)
    assert summary["avg_total_appointments"] == float(truth.summary.avg_total_appointments)

    body = chain.ask(clinic, "/api/v1/admin/active-patients/{org}")
    assert body["total_count"] == len(truth.active)
    rows = body["active_patients"]
    expected = [truth.patients[i] for i in truth.active]
    assert [row["contact_name"] for row in rows] == [row.name for row in expected]
    for row, truly in zip(rows, expected, strict=True):
        assert row["contact_phone"] == (truly.phone and truly.phone.lstrip("+"))
        assert row["last_appointment_date"] == truly.last_appointment_date
        assert row["recent_appointment_count"] == truly.recent_appointment_count
        assert row["upcoming_appointment_count"] == truly.upcoming_appointment_count
        assert row["total_appointment_count"] == truly.total_appointment_count
        assert [visit["id"] for visit in row["recent_appointments"]] == [
            visit.id for visit in truly.recent_appointments
        ]


def check_dashboard(chain: Chain, clinic: Clinic, truth: Truth) -> None:
    body = chain.ask(clinic, "/api/v1/reengagement/{org}/dashboard")
    at_risk = [truth.patients[i] for i in truth.prioritised if truth.patients[i].risk_level is not None]
    assert body["summary"]["total_patients"] == len(at_risk)
    assert body["summary"]["immediate_actions_needed"] == truth.summary.immediate_actions_required
    for level, told in body["summary"]["risk_breakdown"].items():
        scores = [row.risk_score for row in at_risk if row.risk_level == level]
        mean = Decimal(sum(score or 0 for score in scores)) / len(scores)
        rounded = mean.quantize(Decimal("0.1"), ROUND_HALF_UP)
        assert told == {"count": len(scores), "avg_score": float(rounded)}
    assert [row["name"] for row in body["top_priority_patients"]] == [row.name for row in at_risk[:10]]


def check_contacts(chain: Chain, clinic: Clinic, truth: Truth) -> None:
    body = chain.ask(clinic, "/api/v1/admin/contacts/{org}/with-appointments")
    rows = body["contacts_with_appointments"]
    assert body["total_count"] == len(rows) == truth.summary.contacts_with_appointments
    for row in rows:
        truly = truth.patients[row["cliniko_patient_id"]]
        assert (row["name"], row["email"]) == (truly.name, truly.email)
        assert row["phone"] == (truly.phone and truly.phone.lstrip("+"))
        assert row["last_appointment_date"] == truly.last_appointment_date
        assert row["upcoming_appointment_count"] == truly.upcoming_appointment_count


def check_sync_dashboard(chain: Chain, clinic: Clinic, truth: Truth) -> None:
    body = chain.ask(clinic, "/api/v1/admin/sync/dashboard/{org}")
    told = body["contact_metrics"]
    expected = (truth.summary.total_contacts, truth.summary.cliniko_linked, truth.summary.unlinked)
    assert (told["total_contacts"], told["cliniko_linked"], told["unlinked"]) == expected
    active = body["active_patient_metrics"]
    assert active["total_active"] == truth.summary.total_active_patients
    assert active["avg_recent_appointments"] == float(truth.summary.avg_recent_appointments)
    assert active["most_recent_appointment"] == truth.summary.most_recent_appointment
    assert body["service_status"] == dict.fromkeys(("cliniko_configured", "sync_enabled", "is_active"), True)
    assert {run["status"] for run in body["sync_history"]} == {"succeeded"}
    assert [(feed["feed"], feed["status"]) for feed in body["feeds"]] == [
        (name, "succeeded") for name in sorted(feed.name for feed in FEEDS)
    ]


def check_system_health(chain: Chain, truths: list[Truth]) -> None:
    """An operator sees both clinics, a member one's own."""
    told = chain.ask_as_operator("/api/v1/admin/monitoring/system-health")["overall_metrics"]
    assert told == {
        "total_organizations": len(truths),
        "total_contacts": sum(truth.summary.total_contacts for truth in truths),
        "total_active_patients": sum(truth.summary.total_active_patients for truth in truths),
    }
    own = chain.ask(chain.clinics[0], "/api/v1/admin/monitoring/system-health")["overall_metrics"]
    assert own["total_contacts"] == truths[0].summary.total_contacts


def check_everything(chain: Chain, as_of: datetime) -> None:
    for clinic in chain.clinics:
        truth = truth_at(clinic.folder, as_of)
        assert all(truth.summary.risk_summary[level] > 0 for level in LEVELS), "a clinic that proves little"
        check_risk_metrics(chain, clinic, truth)
        check_prioritized(chain, clinic, truth)
        check_active_patients(chain, clinic, truth)
        check_contacts(chain, clinic, truth)
        check_dashboard(chain, clinic, truth)
        check_sync_dashboard(chain, clinic, truth)
    check_system_health(chain, [truth_at(clinic.folder, as_of) for clinic in chain.clinics])


def test_the_api_equals_the_truth_before_and_after_a_batch_of_changes(chain: Chain, as_of: datetime) -> None:
    check_everything(chain, as_of)

    changed_at = datetime.now(UTC).replace(microsecond=0)
    for clinic in chain.clinics:
        changes = draw_changes(clinic.folder, seed=5, now=changed_at)
        apply_changes(chain.cliniko_url, clinic.folder.name, changes)
        chain.sync(clinic)
        chain.sync(clinic, kind="sweep")
    assert not chain.build().held_back

    later = changed_at + timedelta(seconds=1)
    chain.freeze(later)
    check_everything(chain, later)
