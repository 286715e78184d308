"""A list that the rest can do without, and filters that Cliniko refuses: the other lists do not wait."""

from typing import Any

import pytest

from tests.ingestion.clinics import STAMP, Record, appointment, link, patient
from tests.ingestion.conftest import Account, AccountMaker
from tests.ingestion.test_bad_input import fails


def invoice(record_id: int, **fields: Any) -> Record:
    return {
        "id": str(record_id),
        "number": record_id,
        "total_amount": "80.0",
        "patient": link("patients", "1"),
        "archived_at": None,
        "deleted_at": None,
        "created_at": STAMP,
        "updated_at": STAMP,
        **fields,
    }


def case(record_id: int, **fields: Any) -> Record:
    stamps = {"created_at": STAMP, "updated_at": STAMP}
    return {"id": str(record_id), "archived_at": None, "patient": link("patients", "1"), **stamps, **fields}


def cursor_of(account: Account, feed: str) -> list[dict[str, Any]]:
    return account.query("select updated_through from app.sync_cursors where feed = %(feed)s", feed=feed)


AWAY: list[tuple[dict[str, Any], str, str]] = [
    ({"kind": "status", "status": 403}, "forbidden", "forbidden"),
    ({"kind": "status", "status": 404}, "unavailable", "not_found"),
    ({"kind": "status", "status": 410}, "unavailable", "gone"),
    ({"kind": "status", "status": 422}, "unavailable", "refused"),
    ({"kind": "status", "status": 503}, "unavailable", "server_error"),
    ({"kind": "reset"}, "unavailable", "network"),
    ({"kind": "html"}, "unavailable", "not_json"),
    ({"kind": "refuse_filter", "field": "updated_at"}, "unavailable", "refused"),
    ({"kind": "status", "status": 500, "page": 2}, "unavailable", "server_error"),
]


@pytest.mark.parametrize(("fault", "status", "code"), AWAY, ids=lambda value: str(value))
def test_an_optional_list_that_is_away_keeps_its_data_and_delays_nothing(
    open_account: AccountMaker, fault: dict[str, Any], status: str, code: str
) -> None:
    account = open_account(patients=[patient(1)], invoices=[invoice(1), invoice(2, archived_at=5)])
    account.sync()
    cursor = cursor_of(account, "invoices")
    now = account.control.now()
    account.control.put(
        patients=[patient(2, updated_at=now)],
        invoices=[invoice(number, updated_at=now) for number in range(1, 260)],
        patient_cases=[case(1, updated_at=now)],
    )
    account.control.fault(**fault, path="invoices")
    result = account.sync()

    assert result.status == "incomplete"
    facts = result.feeds["invoices"]
    assert (facts["status"], facts["error_code"]) == (status, code)
    assert "invoices" in facts["error_detail"]
    assert (facts["rows_new"], facts["rows_changed"], facts["rows_quarantined"]) == (0, 0, 0)
    [gap] = [one for one in result.problems if one.what == status]
    assert (gap.feed, gap.reason) == ("invoices", code)
    assert set(account.current("patients")) == {"1", "2"}
    assert set(account.current("patient_cases")) == {"1"}
    assert {number: row["updated_at"].year for number, row in account.current("invoices").items()} == {
        "1": 2026
    }
    assert account.current("invoices")["1"]["updated_at"].isoformat() == "2026-02-03T01:12:44+00:00"
    assert cursor_of(account, "invoices") == cursor
    assert [row["is_resolved"] for row in account.quarantine()] == [False]

    account.control.heal()
    result = account.sync()
    assert (result.status, result.feeds["invoices"]["status"]) == ("succeeded", "succeeded")
    assert len(account.current("invoices")) == 259


def test_a_list_never_read_is_no_load_that_broke(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1)], invoices=[invoice(1)])
    account.control.fault("status", status=404, path="invoices")
    assert account.sync().status == "incomplete"
    assert account.current("invoices") == {}
    account.control.heal()
    assert account.sync().feeds["invoices"]["rows_new"] == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "status", "status": 401}, "wrong_key"),
        ({"kind": "wrong_shape"}, "wrong_shape"),
        ({"kind": "loop"}, "looping"),
        ({"kind": "next_host"}, "foreign_link"),
    ],
    ids=lambda value: str(value),
)
def test_what_is_no_mere_absence_fails_the_run(
    open_account: AccountMaker, fault: dict[str, Any], code: str
) -> None:
    account = open_account(patients=[patient(1)], invoices=[invoice(number) for number in range(1, 150)])
    account.control.fault(**fault, path="invoices")
    fails(account, code)


def test_a_server_that_hangs_on_an_optional_list_is_not_waited_for(
    open_account: AccountMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.sync.OPTIONAL_SECONDS", 0.1)
    monkeypatch.setenv("ROUTIQ_CLINIKO_REQUEST_SECONDS", "0.3")
    account = open_account(patients=[patient(1)], communications=[])
    account.control.fault("slow", seconds=5.0, path="communications")
    account.control.requests()
    result = account.sync()
    assert result.feeds["communications"]["error_code"] == "timeout"
    assert result.feeds["patients"]["status"] == "succeeded"


HIDDEN = "2026-02-04T00:00:00Z"


@pytest.mark.parametrize("wording", ["{field} is not filterable", "This column is not searchable."])
def test_a_hiding_filter_that_is_refused_is_left_out_with_a_note(
    open_account: AccountMaker, wording: str
) -> None:
    businesses: list[Record] = [
        {"id": str(n), "business_name": f"Rooms {n}", "created_at": STAMP, "updated_at": STAMP, **fields}
        for n, fields in enumerate([{}, {"archived_at": HIDDEN}, {"deleted_at": HIDDEN}], start=1)
    ]
    choices = f'[choices]\nunfilterable_message = "{wording}"\n'
    account = open_account(extra=choices, patients=[patient(1)], businesses=businesses)
    account.control.fault("refuse_filter", field="deleted_at", path="businesses")
    for _ in range(2):
        result = account.sync()
        assert result.status == "succeeded"
        facts = result.feeds["businesses"]
        assert facts["status"] == "succeeded"
        assert "deleted_at" in facts["note"]
        assert "archived_at" not in facts["note"]
        assert set(account.current("businesses")) == {"1", "2"}
    assert result.feeds["patients"]["note"] is None


def test_what_a_refused_filter_hid_before_is_not_buried(open_account: AccountMaker) -> None:
    """A third of the list would be missing: too much to be believed, and it is known where they are."""
    deleted = [appointment(number, 1, deleted_at=HIDDEN) for number in range(1, 11)]
    account = open_account(individual_appointments=[*deleted, *(appointment(n, 1) for n in range(11, 31))])
    account.sync()
    account.control.fault("refuse_filter", field="deleted_at", path="individual_appointments")
    account.control.put(individual_appointments=[appointment(11, 1, deleted_at=HIDDEN)])
    result = account.sync(kind="sweep")
    assert result.feeds["individual_appointments"]["rows_removed"] == 1
    known = account.current("individual_appointments")
    assert known["1"]["deleted_at"] is not None
    assert known["1"]["purged_at"] is None
    assert known["11"]["purged_at"] is not None


@pytest.mark.parametrize("field", ["updated_at", "archived_at"])
def test_a_list_without_a_filter_that_it_needs_fails_in_cliniko_s_words(
    open_account: AccountMaker, field: str
) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 151)])
    account.control.fault("refuse_filter", field=field, path="patients")
    if field == "archived_at":
        assert account.sync().feeds["patients"]["note"]
    else:
        assert "updated_at is not filterable" in fails(account, "refused").message
