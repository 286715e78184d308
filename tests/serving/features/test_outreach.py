"""Route 14: what is logged is there when it is answered, once however often it is sent."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from serving.features.channels import METHODS
from tests.serving import marts
from tests.serving.checks import audit_rows, problem
from tests.serving.conftest import Api
from tests.serving.routes import LOG, PATIENT
from warehouse.settings import Settings

NOW = "2025-06-30T12:00:00Z"
GOOD: dict[str, Any] = {"patient_id": "101", "method": "sms", "outcome": "success"}
COLUMNS = "id, patient_id, method, outcome, notes, logged_by, occurred_at, logged_at, delivered_at, opened_at"


@pytest.fixture(autouse=True)
def nothing_logged(clinics: Settings) -> Iterator[None]:
    yield
    with psycopg.connect(clinics.url("owner")) as connection:
        connection.execute("delete from app.outreach_log")


@pytest.fixture(scope="module", autouse=True)
def others(clinics: Settings) -> None:
    """Patients that are not simply live."""
    rows = [
        marts.patient_row("org_a", "102", survivor_patient_id="101", is_merged=True),
        marts.patient_row("org_a", "103", archived_at=marts.days_ago(1)),
        marts.patient_row("org_a", "104", is_purged=True),
        marts.patient_row("org_a", "105", is_merged=True),
        marts.patient_row("org_a", "106", created_at=marts.days_ago(-1)),
        marts.patient_row("org_a", "107", archived_at=marts.days_ago(-1)),
        marts.patient_row("org_a", "108", survivor_patient_id="103", is_merged=True),
    ]
    with psycopg.connect(clinics.url("owner")) as connection:
        marts.insert(connection, "marts.dim_patients", rows)


def log(api: Api, body: Any = None, *, key: str | bytes | None = None, **options: Any) -> httpx.Response:
    headers = api.clerk.bearer("org_a", **options.pop("order", {})) | options.pop("headers", {})
    headers |= {"Idempotency-Key": key} if key else {}
    if "content" not in options:
        options["json"] = GOOD if body is None else body
    return api.client.post(LOG.format("org_a"), headers=headers, **options)


def the_fault(answer: httpx.Response) -> dict[str, Any]:
    """The only one that was found."""
    problem(answer, 422)
    [fault] = answer.json()["errors"]
    found: dict[str, Any] = fault
    return found


def logged(warehouse: Settings) -> list[dict[str, Any]]:
    with psycopg.connect(warehouse.url("owner"), row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(f"select {COLUMNS} from app.outreach_log order by patient_id").fetchall()


def test_logged_as_sent_and_shown_at_once(clinic_api: Api, clinics: Settings) -> None:
    answer = log(clinic_api, GOOD | {"notes": "Left a message;\ncalls back  ✓ 'quoted'"})
    assert answer.status_code == 201
    body = answer.json()
    assert body == {
        "success": True,
        "outreach_id": body["outreach_id"],
        "logged_at": NOW,
        "message": "Outreach logged successfully",
    }
    [row] = logged(clinics)
    assert (row["id"], row["patient_id"], row["logged_by"]) == (
        UUID(body["outreach_id"]),
        "101",
        "user_2sandboxSandboxSandboxSand",
    )
    assert row["occurred_at"] == row["logged_at"] == marts.AS_OF
    [shown] = clinic_api.get(PATIENT.format("org_a")).json()["outreach"]
    assert shown["id"] == body["outreach_id"]
    assert shown["notes"] == "Left a message;\ncalls back  ✓ 'quoted'"
    assert answer.headers["x-ratelimit-limit"]


def test_who_logged_what_about_whom_is_written_down(clinic_api: Api, clinics: Settings) -> None:
    log(clinic_api, key="audited", headers={"X-Request-Id": "logs-once"})
    log(clinic_api, key="audited", headers={"X-Request-Id": "logs-again"})
    rows = {row[6]: row for row in audit_rows(clinics) if str(row[6]).startswith("logs-")}
    assert {name: (row[4], row[5]) for name, row in rows.items()} == {
        "logs-once": (["101"], "logged"),
        "logs-again": (["101"], "repeated"),
    }
    assert rows["logs-once"][3] == "/api/v1/reengagement/{org_id}/log-outreach"


def test_no_record_nothing_logged(clinic_api: Api, clinics: Settings) -> None:
    with psycopg.connect(clinics.url("owner"), autocommit=True) as connection:
        connection.execute("revoke insert on app.audit_log from routiq_api")
        try:
            problem(log(clinic_api, key="unaudited"), 503)
        finally:
            connection.execute("grant insert on app.audit_log to routiq_api")
    assert logged(clinics) == []
    assert log(clinic_api, key="unaudited").status_code == 201


def test_fifty_at_once_are_one(clinic_api: Api, clinics: Settings) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: log(clinic_api, key="same"), range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(logged(clinics)) == 1


def test_the_same_key_with_another_request_is_refused(clinic_api: Api, clinics: Settings) -> None:
    log(clinic_api, key="reused")
    for other in ({"outcome": "failed"}, {"patient_id": "102"}, {"notes": "x"}, {"occurred_at": NOW}):
        error = the_fault(log(clinic_api, GOOD | other, key="reused"))
        assert (error["name"], error["reason"]) == ("Idempotency-Key", "reused")
    respelt = json.dumps(dict(reversed((GOOD | {"notes": ""}).items())), indent=3)
    again = log(clinic_api, key="reused", content=respelt, headers={"Content-Type": "application/json"})
    assert again.status_code == 201
    assert len(logged(clinics)) == 1


def test_a_key_is_its_users_alone_and_without_one_each_request_counts(
    clinic_api: Api, clinics: Settings
) -> None:
    log(clinic_api, key="mine")
    log(clinic_api, GOOD | {"outcome": "failed"}, key="mine", order={"subject": "user_other"})
    assert len(logged(clinics)) == 2
    log(clinic_api)
    log(clinic_api)
    assert len(logged(clinics)) == 4


def test_a_used_key_is_answered_as_before_though_the_patient_is_gone(
    clinic_api: Api, clinics: Settings
) -> None:
    first = log(clinic_api, key="gone")
    move = (
        "update marts.dim_patients set archived_at = %s "
        "where organization_id = 'org_a' and patient_id = '101'"
    )
    with psycopg.connect(clinics.url("owner"), autocommit=True) as connection:
        connection.execute(move, [marts.days_ago(2)])
        try:
            assert log(clinic_api, key="gone").text == first.text
            problem(log(clinic_api, key="new"), 404)
        finally:
            connection.execute(move, [None])


@pytest.mark.parametrize(("patient_id", "status"), [("102", 201), ("107", 201)])
def test_a_merged_patient_keeps_what_is_logged_for_it(
    clinic_api: Api, clinics: Settings, patient_id: str, status: int
) -> None:
    assert log(clinic_api, GOOD | {"patient_id": patient_id}).status_code == status
    assert [row["patient_id"] for row in logged(clinics)] == [patient_id]
    found = clinic_api.get(PATIENT.format("org_a")).json()["outreach"]
    assert len(found) == (patient_id == "102")


@pytest.mark.parametrize("patient_id", ["103", "104", "105", "106", "108", "202", "9", "patient_123"])
def test_only_live_patients_of_ones_own(clinic_api: Api, clinics: Settings, patient_id: str) -> None:
    """Archived, purged, merged away, to come, merged into an archived one, another clinic's, nobody's."""
    answer = log(clinic_api, GOOD | {"patient_id": patient_id}, key=f"for-{patient_id}")
    assert problem(answer, 404)["detail"] == "We do not know this patient."
    assert logged(clinics) == []


@pytest.mark.parametrize(
    ("more", "stored"),
    [
        ({"occurred_at": "2025-06-29T09:00:00+10:00"}, {"occurred_at": "2025-06-28T23:00:00Z"}),
        ({"occurred_at": "2025-06-30T12:04:59Z"}, {"occurred_at": NOW}),
        ({"occurred_at": "2023-07-01T00:00:00.5Z"}, {"occurred_at": "2023-07-01T00:00:00.5Z"}),
        ({"occurred_at": None}, {"occurred_at": NOW}),
        ({"method": "sms", "outcome": "no_response", "delivered_at": NOW}, {"delivered_at": NOW}),
        (
            {"method": "email", "occurred_at": "2025-06-30T09:00:00Z", "opened_at": "2025-06-30T10:00:00z"},
            {"opened_at": "2025-06-30T10:00:00Z"},
        ),
    ],
)
def test_moments_are_kept(
    clinic_api: Api, clinics: Settings, more: dict[str, Any], stored: dict[str, str]
) -> None:
    assert log(clinic_api, GOOD | more).status_code == 201
    [row] = logged(clinics)
    expected = {"occurred_at": row["occurred_at"], "delivered_at": None, "opened_at": None} | {
        name: datetime.fromisoformat(instant) for name, instant in stored.items()
    }
    assert {name: row[name] for name in expected} == expected, "what was not told did not happen"


REFUSED: list[tuple[str, Any, dict[str, Any]]] = [
    ("patient_id", "missing", {"method": "sms", "outcome": "success"}),
    ("patient_id", "string_type", GOOD | {"patient_id": 101}),
    ("patient_id", "string_pattern_mismatch", GOOD | {"patient_id": ""}),
    ("patient_id", "string_pattern_mismatch", GOOD | {"patient_id": "1\x00"}),
    ("patient_id", "string_pattern_mismatch", GOOD | {"patient_id": "101\n"}),
    ("patient_id", "string_pattern_mismatch", GOOD | {"patient_id": "9" * 65}),
    ("method", "literal_error", GOOD | {"method": "fax"}),
    ("method", "literal_error", GOOD | {"method": "SMS"}),
    ("outcome", "literal_error", GOOD | {"outcome": None}),
    ("notes", "string_too_long", GOOD | {"notes": "x" * 2001}),
    ("notes", "string_pattern_mismatch", GOOD | {"notes": "a\x00b"}),
    ("notes", "string_type", GOOD | {"notes": None}),
    ("note", "extra_forbidden", GOOD | {"note": "misspelt"}),
    ("organization_id", "extra_forbidden", GOOD | {"organization_id": "org_b"}),
    ("occurred_at", "rfc_3339", GOOD | {"occurred_at": "2025-06-30T12:00:00"}),
    ("occurred_at", "rfc_3339", GOOD | {"occurred_at": 1751284800}),
    ("occurred_at", "rfc_3339", GOOD | {"occurred_at": "1751284800"}),
    ("occurred_at", "rfc_3339", GOOD | {"occurred_at": "2025-02-30T12:00:00Z"}),
    ("occurred_at", "in_the_future", GOOD | {"occurred_at": "2025-06-30T12:05:01Z"}),
    ("occurred_at", "in_the_future", GOOD | {"occurred_at": "9999-12-31T23:59:59Z"}),
    ("occurred_at", "too_early", GOOD | {"occurred_at": "2023-06-30T11:59:59Z"}),
    ("occurred_at", "too_early", GOOD | {"occurred_at": "0001-01-01T00:00:00+14:00"}),
    ("delivered_at", "in_the_future", GOOD | {"delivered_at": "2025-07-30T12:00:00Z"}),
    ("delivered_at", "contradiction", GOOD | {"method": "phone", "delivered_at": NOW}),
    ("delivered_at", "contradiction", GOOD | {"outcome": "failed", "delivered_at": NOW}),
    ("opened_at", "contradiction", GOOD | {"opened_at": NOW}),
    (
        "opened_at",
        "too_early",
        GOOD | {"method": "email", "occurred_at": NOW, "opened_at": "2025-06-30T11:00:00Z"},
    ),
]


@pytest.mark.parametrize(("name", "reason", "body"), REFUSED)
def test_what_is_refused_is_named(
    clinic_api: Api, clinics: Settings, name: str, reason: str, body: dict[str, Any]
) -> None:
    error = the_fault(log(clinic_api, body, key="refused"))
    assert (error["in"], error["name"], error["reason"]) == ("body", name, reason)
    assert logged(clinics) == []


def test_the_allowed_values_are_told(clinic_api: Api) -> None:
    answer = log(clinic_api, GOOD | {"method": "fax", "outcome": "maybe"})
    errors = {error["name"]: error["allowed"] for error in answer.json()["errors"]}
    assert errors == {"method": list(METHODS), "outcome": ["success", "no_response", "failed"]}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"sms"', 422),
        (b"\xff\xfe", 400),
        (b"[" * 30_000, 400),
        (b'{"patient_id": ' + b"9" * 5000 + b"}", 400),
        (json.dumps(GOOD | {"notes": "\ud800"}).encode(), 422),
        (json.dumps(GOOD | {"patient_id": "\udfff"}).encode(), 422),
        (json.dumps(GOOD | {"\ud800": 1}).encode(), 422),
        (json.dumps(GOOD | {"n" * 50_000: 1}).encode(), 422),
        (json.dumps(GOOD | {"notes": "x" * 70_000}).encode(), 413),
    ],
)
def test_odd_bodies(clinic_api: Api, clinics: Settings, content: bytes, status: int) -> None:
    answer = log(clinic_api, content=content, headers={"Content-Type": "application/json"})
    problem(answer, status)
    assert len(answer.content) < 2000
    assert logged(clinics) == []


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "text/json"])
def test_only_json_is_taken(clinic_api: Api, media_type: str) -> None:
    answer = log(clinic_api, content=json.dumps(GOOD), headers={"Content-Type": media_type})
    problem(answer, 415)


@pytest.mark.parametrize("key", ["x" * 256, "two words", "ключ".encode()])
def test_odd_keys(clinic_api: Api, clinics: Settings, key: str | bytes) -> None:
    error = the_fault(log(clinic_api, key=key))
    assert (error["in"], error["name"]) == ("header", "Idempotency-Key")
    assert logged(clinics) == []


def test_two_keys_are_refused(clinic_api: Api) -> None:
    headers = [*clinic_api.clerk.bearer().items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    problem(clinic_api.client.post(LOG.format("org_a"), headers=headers, json=GOOD), 422)
