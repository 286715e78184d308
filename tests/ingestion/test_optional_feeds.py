"""A list that the rest can do without: the other lists do not wait."""

from typing import Any

import pytest

from tests.ingestion.clinics import STAMP, Record, invoice, link, patient
from tests.ingestion.conftest import Account, AccountMaker, fails


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
