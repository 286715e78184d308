"""The lists: order, filters, and pages that neither skip nor repeat."""

import random
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg
import pytest

from tests.conftest import create_database, drop_database
from tests.serving import marts
from tests.serving.conftest import Api, Clerk, run_api, settings_for
from tests.serving.routes import ACTIVE, CONTACTS, DASHBOARD, LIST
from warehouse.settings import Settings

PRIORITIZED = "/api/v1/reengagement/org_a/patients/prioritized"
LEVELS = {"critical": 80, "high": 65, "medium": 50, "low": 30, "engaged": 0}


def drawn_rows(seed: int, count: int) -> list[marts.Row]:
    """Patients with many ties in all parts of the order, and ids beyond 2**53 of different lengths."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        level = draw.choice([*LEVELS, None])
        rows.append(
            marts.master_row(
                "org_a",
                str(draw.choice([number + 1, 10**18 + number])),
                patient_name=f"Pat {number} Ünique",
                engagement_status="stale" if level is None else draw.choice(["active", "dormant"]),
                risk_level=level,
                risk_score=None if level is None else LEVELS[level] + draw.randrange(3),
                action_priority=4 if level is None else draw.randrange(1, 5),
                lifetime_value=draw.choice([None, "0.00", "12.50", "-3.00", "99999999999999.99"]),
                phone=draw.choice([None, f"+6149157{number:04d}"]),
            )
        )
    return rows


@pytest.fixture(scope="module")
def drawn(cluster: Settings, clerk: Clerk) -> Iterator[tuple[Api, list[marts.Row], Settings]]:
    warehouse = create_database(cluster, "lists")
    marts.make_relations(warehouse)
    marts.add_organization(warehouse, "org_a", data_as_of=marts.days_ago(2))
    rows = drawn_rows(7, 150)
    with psycopg.connect(warehouse.url("owner")) as connection:
        marts.insert(connection, "marts.patient_reengagement_master_view", rows)
        marts.insert(
            connection,
            "marts.active_patients",
            [
                marts.active_row("org_a", row["patient_id"], last_appointment_date=marts.days_ago(number % 4))
                for number, row in enumerate(rows)
            ],
        )
        marts.insert(
            connection,
            "marts.contacts_with_appointments",
            [
                marts.contact_row(
                    "org_a",
                    row["patient_id"],
                    last_appointment_date=marts.days_ago(number % 5) if number % 5 else None,
                )
                for number, row in enumerate(rows)
            ],
        )
    with run_api(settings_for(warehouse, clerk), clerk) as api:
        yield api, rows, warehouse
    drop_database(cluster, "lists")


def position(row: marts.Row) -> tuple[Any, ...]:
    """The catalogue's order, once more in Python."""
    value = row["lifetime_value"]
    return (
        row["action_priority"],
        -(-1 if row["risk_score"] is None else row["risk_score"]),
        value is None,
        -Decimal(value or 0),
        int(row["patient_id"]),
    )


def ids(body: Any) -> list[str]:
    return [patient["id"] for patient in body["patients"]]


def walk(api: Api, path: str, name: str, **params: Any) -> list[Any]:
    """All pages of a list."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        body = api.get(path, params=params | cursor).json()
        found += [row.get("id") or row["cliniko_patient_id"] for row in body[name]]
        if body["next_cursor"] is None:
            return found
        cursor = {"cursor": body["next_cursor"]}


def test_the_order_is_the_catalogues(drawn: tuple[Api, list[marts.Row], Settings]) -> None:
    api, rows, _ = drawn
    at_risk = sorted((row for row in rows if row["risk_level"]), key=position)
    body = api.get(PRIORITIZED, params={"limit": 200}).json()
    assert ids(body) == [row["patient_id"] for row in at_risk]
    assert body["summary"]["total_matching"] == len(at_risk)


@pytest.mark.parametrize("limit", [1, 7, 50])
def test_pages_together_are_the_list(drawn: tuple[Api, list[marts.Row], Settings], limit: int) -> None:
    api, _, _ = drawn
    whole = ids(api.get(PRIORITIZED, params={"limit": 200}).json())
    assert walk(api, PRIORITIZED, "patients", limit=limit) == whole


def test_pages_stay_true_while_rows_come(drawn: tuple[Api, list[marts.Row], Settings]) -> None:
    api, _, warehouse = drawn
    whole = ids(api.get(PRIORITIZED, params={"limit": 200}).json())
    first = api.get(PRIORITIZED, params={"limit": 20}).json()
    with psycopg.connect(warehouse.url("owner"), autocommit=True) as connection:
        comes = marts.master_row("org_a", "5", action_priority=1, risk_score=100)
        marts.insert(connection, "marts.patient_reengagement_master_view", [comes])
        try:
            rest = api.get(PRIORITIZED, params={"limit": 200, "cursor": first["next_cursor"]}).json()
        finally:
            connection.execute(
                "delete from marts.patient_reengagement_master_view "
                "where patient_id = '5' and risk_score = 100"
            )
    assert ids(first) + ids(rest) == whole


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"risk_level": "critical"}, lambda row: row["risk_level"] == "critical"),
        ({"action_priority": 2}, lambda row: row["risk_level"] and row["action_priority"] == 2),
        ({"engagement_status": "stale"}, lambda row: row["engagement_status"] == "stale"),
        ({"engagement_status": "active"}, lambda row: row["engagement_status"] == "active"),
        ({"engagement_status": "stale", "risk_level": "high"}, lambda _row: False),
        ({"search": "pat 11 ü"}, lambda row: row["risk_level"] and row["patient_name"] == "Pat 11 Ünique"),
        ({"search": "6149157001"}, lambda row: row["risk_level"] and "6149157001" in (row["phone"] or "")),
    ],
)
def test_filters(drawn: tuple[Api, list[marts.Row], Settings], params: dict[str, Any], wanted: Any) -> None:
    api, rows, _ = drawn
    body = api.get(PRIORITIZED, params=params | {"limit": 200}).json()
    assert set(ids(body)) == {row["patient_id"] for row in rows if wanted(row)}
    assert body["summary"]["total_matching"] == body["summary"]["total_returned"]
    assert body["summary"]["filters_applied"] == {"risk_level": "all"} | params | {"limit": 200}


def test_the_active_list_whole_and_in_pages(drawn: tuple[Api, list[marts.Row], Settings]) -> None:
    api, rows, _ = drawn
    body = api.get(ACTIVE.format("org_a")).json()
    assert body["total_count"] == len(body["active_patients"]) == len(rows)
    keys = [(row["last_appointment_date"], row["id"]) for row in body["active_patients"]]
    assert [date for date, _ in keys] == sorted((date for date, _ in keys), reverse=True)
    whole = [identity for _, identity in keys]
    assert walk(api, ACTIVE.format("org_a"), "active_patients", limit=11) == whole
    assert api.get(ACTIVE.format("org_a"), params={"limit": 11}).json()["total_count"] == len(rows)


def test_the_contacts_whole_and_in_pages(drawn: tuple[Api, list[marts.Row], Settings]) -> None:
    api, rows, _ = drawn
    body = api.get(CONTACTS.format("org_a")).json()
    assert body["total_count"] == len(body["contacts_with_appointments"]) == len(rows)
    whole = [row["cliniko_patient_id"] for row in body["contacts_with_appointments"]]
    days = {row["patient_id"]: number % 5 for number, row in enumerate(rows)}
    assert whole == sorted(whole, key=lambda patient: (days[patient] or 5, int(patient)))
    for limit in (1, 11, 150):
        assert walk(api, CONTACTS.format("org_a"), "contacts_with_appointments", limit=limit) == whole


def test_the_dashboard_is_the_head_of_the_list(drawn: tuple[Api, list[marts.Row], Settings]) -> None:
    api, rows, _ = drawn
    body = api.get(DASHBOARD.format("org_a")).json()
    listed = api.get(PRIORITIZED, params={"limit": 10}).json()["patients"]
    assert [row["id"] for row in body["top_priority_patients"]] == [row["id"] for row in listed]
    at_risk = [row for row in rows if row["risk_level"]]
    assert body["summary"]["total_patients"] == len(at_risk)
    assert body["summary"]["stale_patients"] == len(rows) - len(at_risk)
    assert body["summary"]["immediate_actions_needed"] == sum(row["action_priority"] == 1 for row in rows)
    for level, told in body["summary"]["risk_breakdown"].items():
        scores = [row["risk_score"] for row in at_risk if row["risk_level"] == level]
        mean = Decimal(sum(scores)) / len(scores)
        rounded = mean.quantize(Decimal("0.1"), ROUND_HALF_UP)
        assert told == {"count": len(scores), "avg_score": float(rounded)}


def test_whoever_left_long_ago_is_not_on_the_dashboard(clinic_api: Api, clinics: Settings) -> None:
    stale = marts.master_row(
        "org_b",
        "303",
        engagement_status="stale",
        risk_level=None,
        risk_score=None,
        action_priority=4,
    )
    with psycopg.connect(clinics.url("owner")) as connection:
        marts.insert(connection, "marts.patient_reengagement_master_view", [stale])
    body = clinic_api.get(DASHBOARD.format("org_b"), "org_b").json()
    assert [row["id"] for row in body["top_priority_patients"]] == ["101", "202"]
    assert (body["summary"]["total_patients"], body["summary"]["stale_patients"]) == (2, 1)


def test_amounts_are_exact(drawn: tuple[Api, list[marts.Row], Settings]) -> None:
    api, _, warehouse = drawn
    amounts = {
        "7.5000": "7.50",
        "0": "0.00",
        "1.005": "1.005",
        "-3": "-3.00",
        "99999999999999.99": "99999999999999.99",
    }
    with psycopg.connect(warehouse.url("owner"), autocommit=True) as connection:
        for stored, shown in amounts.items():
            connection.execute(
                "update marts.patient_reengagement_master_view set lifetime_value = %s "
                "where patient_name = %s",
                [stored, "Pat 11 Ünique"],
            )
            found = api.get(PRIORITIZED, params={"search": "Pat 11 Ü", "limit": 1}).json()
            assert found["patients"][0]["lifetime_value"] == shown


def test_old_data_is_said_to_be_old(drawn: tuple[Api, list[marts.Row], Settings]) -> None:
    api, _, _ = drawn
    assert api.get(LIST.format("org_a")).headers["x-data-stale"] == "true"
