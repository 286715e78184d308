"""The second document is a test: one clinic answers with its samples, all at once.

What of a sample is not reached is named in the test, with the reason.
"""

import psycopg

from tests.documents.board_clinic import JANE, JOHN
from tests.documents.conftest import Front
from tests.documents.samples import known_only, reengagement, shape

# The patient of a sample has an id that is none of Cliniko's, a number that exists in no country, and a
# mail address of somebody's domain.
UNREAL = {"id", "phone", "email"}


def test_risk_metrics(board: Front) -> None:
    documented = reengagement("risk-metrics")
    assert known_only(board.board("risk-metrics"), documented) == documented


def test_the_patient_of_the_list(board: Front) -> None:
    documented = reengagement("patients/prioritized")
    body = board.board("patients/prioritized", risk_level="critical", limit=20)
    [sample] = documented["patients"]
    john = next(patient for patient in body["patients"] if patient["id"] == JOHN)
    known = known_only(john, sample)
    assert {name: value for name, value in known.items() if name not in UNREAL} == {
        name: value for name, value in sample.items() if name not in UNREAL
    }
    assert body["timestamp"] == documented["timestamp"]


def test_the_summary_of_the_list(board: Front) -> None:
    """`total_returned` 20 contradicts the twelve critical patients of every other sample."""
    documented = reengagement("patients/prioritized")["summary"]
    summary = board.board("patients/prioritized", risk_level="critical", limit=20)["summary"]
    assert summary["filters_applied"] == documented["filters_applied"]
    assert (documented["total_returned"], summary["total_returned"]) == (20, 12)


def test_the_dashboard(board: Front) -> None:
    """`last_updated` is 12:00 here and 08:00 in the risk metrics: one clinic has one last sync."""
    documented = reengagement("dashboard")
    body = board.board("dashboard")
    assert known_only(body["summary"], documented["summary"]) == documented["summary"]
    assert len(body["top_priority_patients"]) == 10
    [sample] = documented["top_priority_patients"]
    assert body["top_priority_patients"][0] == sample | {"id": JANE}
    assert (documented["last_updated"], body["last_updated"]) == (
        "2025-06-30T12:00:00Z",
        "2025-06-30T08:00:00Z",
    )


def test_performance(board: Front) -> None:
    documented = reengagement("performance")
    body = board.board("performance", timeframe="last_30_days")
    assert known_only(body, documented) == documented


def test_trends(board: Front) -> None:
    """The sample prints one day; a period of 30 days has 30."""
    documented = reengagement("trends")
    body = board.board("trends", period="30d", metrics="risk_levels")
    assert len(body["daily_trends"]) == 30
    first = [known_only(body["daily_trends"][0], documented["daily_trends"][0])]
    assert known_only(body, documented) | {"daily_trends": first} == documented


def test_what_the_front_end_reads(board: Front) -> None:
    """The snippets of the document, in Python."""
    board_cards = board.board("risk-metrics")
    assert board_cards["risk_summary"]["critical"] > 0
    performance = board.board("performance", timeframe="last_30_days")
    assert performance["benchmark_comparison"]["our_performance"] == "above_average"
    assert [channel for channel, _ in performance["communication_channels"].items()] == [
        *("sms", "email", "phone")
    ]
    for patient in board.board("patients/prioritized")["patients"]:
        assert {"id", "risk_level", "recommended_action", "action_priority"} <= patient.keys()
        assert patient["risk_level"] in {"critical", "high", "medium", "low", "engaged"}


def test_the_shapes_are_the_documents(board: Front) -> None:
    for path in ("risk-metrics", "performance", "trends", "patients/prioritized", "dashboard"):
        documented = shape(reengagement(path))
        assert known_only(shape(board.board(path)), documented).keys() == documented.keys()


def test_one_patient_with_everything_that_happened(board: Front) -> None:
    page = board.board(f"patients/{JOHN}")
    assert [visit["status"] for visit in page["visits"]].count("attended") == 12
    assert [visit["status"] for visit in page["visits"]].count("missed") == 2
    assert len(page["outreach"]) == 65


def test_treatment_notes_are_for_the_roles_that_the_organization_allows(board: Front) -> None:
    path = f"/api/v1/reengagement/{board.organization_id}/patients/{JOHN}"
    assert board.request("GET", path)["treatment_notes"] is None
    [note] = board.request("GET", path, {"role": "admin"})["treatment_notes"]
    assert (note["date"], note["title"], note["note"]) == (
        *("2025-05-14T01:00:00Z", "Progress"),
        "Objective\nRange: full",
    )


def test_statistics_change_no_answer_and_stop_none(board: Front) -> None:
    """The planner knows nothing of a young clinic and more of an old one: either way it is in time."""
    paths = ("risk-metrics", "dashboard", "performance", "trends", f"patients/{JOHN}")
    before = [board.board(path) for path in paths]
    with psycopg.connect(board.settings.url("owner"), autocommit=True) as connection:
        connection.execute("analyze")
        connection.execute("update app.publications set data_version = data_version + 1")  # forget answers
    assert [board.board(path) for path in paths] == before
    assert board.board("performance", timeframe="last_90_days")["timeframe"] == "last_90_days"
    assert len(board.board("trends", period="1y")["daily_trends"]) == 365


def test_a_logged_call_shows_at_once(board: Front) -> None:
    """Last of all: it changes the clinic. The body is the document's, the patient's id apart."""
    attempt = {
        "patient_id": JOHN,
        "method": "sms",
        "outcome": "success",
        "notes": "Patient responded positively, appointment booked",
    }
    path = f"/api/v1/reengagement/{board.organization_id}/log-outreach"
    before = board.board("performance", timeframe="last_7_days")["reengagement_metrics"]["outreach_attempts"]
    logged = board.request("POST", path, json=attempt)
    assert logged["success"] is True
    after = board.board("performance", timeframe="last_7_days")["reengagement_metrics"]["outreach_attempts"]
    assert after == before + 1
    page = board.board(f"patients/{JOHN}")
    assert page["outreach"][0]["id"] == logged["outreach_id"]
    assert (page["patient"]["days_since_last_contact"], page["patient"]["risk_level"]) == (0, "engaged")
    assert page["patient"]["previous_response_rate"] == 78.8
    assert board.board("risk-metrics")["risk_summary"]["critical"] == 11
