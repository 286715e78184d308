"""Whatever Cliniko does: a clear error or a quarantine row, nothing half taken; the next sync heals it."""

from collections.abc import Iterator
from typing import Any

import pytest

from ingestion.errors import SyncError
from tests.ingestion.clinics import QUIET_REQUESTS, Record, appointment, key_of, patient
from tests.ingestion.conftest import Account, AccountMaker, account_maker, fails
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings

PATIENTS = [patient(number) for number in range(1, 251)]


@pytest.fixture(scope="module")
def shared_account(module_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """For faults that change nothing; each sweep reads everything again."""
    with account_maker(module_settings, tmp_path_factory.mktemp("clinics")) as open_one:
        yield open_one(patients=PATIENTS)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "status", "status": 401}, "wrong_key"),
        ({"kind": "wrong_shard"}, "wrong_key"),
        ({"kind": "html", "path": "patients"}, "not_json"),
        ({"kind": "status", "status": 500, "path": "patients"}, "server_error"),
        ({"kind": "status", "status": 502, "path": "patients"}, "server_error"),
        ({"kind": "reset", "path": "patients"}, "network"),
        ({"kind": "status", "status": 404, "path": "patients"}, "not_found"),
        ({"kind": "status", "status": 403, "path": "patients"}, "forbidden"),
        ({"kind": "truncated", "path": "patients", "page": 2}, "not_json"),
        ({"kind": "short_page", "path": "patients", "page": 2}, "wrong_shape"),
        ({"kind": "next_host", "path": "patients", "page": 1}, "foreign_link"),
        ({"kind": "loop", "path": "patients", "page": 2}, "looping"),
        ({"kind": "wrong_shape", "path": "patients", "page": 2}, "wrong_shape"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["kind"],
)
def test_a_fault_that_stays_fails_the_run_and_the_next_one_heals(
    shared_account: Account, fault: dict[str, Any], code: str
) -> None:
    shared_account.control.fault(**fault)
    fails(shared_account, code, kind="sweep")
    shared_account.control.heal()
    assert shared_account.sync(kind="sweep").feeds["patients"]["rows_read"] == 250
    assert len(shared_account.current("patients")) == 250


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 504},
        {"kind": "status", "status": 429, "reset_in": 0},
        {"kind": "html"},
        {"kind": "reset"},
        {"kind": "truncated"},
        {"kind": "short_page"},
        {"kind": "wrong_shape"},
    ],
    ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}",
)
def test_a_passing_fault_is_asked_again(shared_account: Account, fault: dict[str, Any]) -> None:
    shared_account.control.fault(**fault, path="patients", page=2, times=2)
    assert shared_account.sync(kind="sweep").feeds["patients"]["rows_read"] == 250


def test_no_network_is_said_as_such(open_account: AccountMaker) -> None:
    account = open_account(patients=PATIENTS)
    key = Secret(key_of(account.control.clinic))
    add_organization(account.settings, account.organization_id, "Harbour", "http://127.0.0.1:9/v1", key)
    assert "cannot be reached" in fails(account, "unreachable").message


def test_an_optional_list_that_is_forbidden_is_noted_and_the_rest_read(open_account: AccountMaker) -> None:
    account = open_account(extra='forbidden = ["treatment_notes", "invoices"]\n', patients=PATIENTS)
    result = account.sync()
    assert result.feeds["treatment_notes"]["status"] == "forbidden"
    assert result.feeds["invoices"]["status"] == "forbidden"
    assert len(account.current("patients")) == 250
    cursors = {row["feed"] for row in account.query("select feed from app.sync_cursors")}
    assert "patients" in cursors
    assert "invoices" not in cursors


def test_an_empty_clinic_and_then_one_patient(open_account: AccountMaker) -> None:
    account = open_account()
    assert account.sync().feeds["patients"]["rows_read"] == 0
    account.control.put(patients=[patient(1, updated_at=account.control.now())])
    assert account.sync().feeds["patients"]["rows_new"] == 1
    assert list(account.current("patients")) == ["1"]


REFUSED: list[tuple[Record, str, str]] = [
    ({"archived_at": "2999-01-01T00:00:00Z"}, "archived_at", "a year outside 1900 to 2199"),
    ({"merged_at": "2026-01-01T00:00:00"}, "merged_at", "not an instant with a zone"),
    ({"merged_with_patient": {}}, "merged_with_patient_id", "not a relation link"),
]
BLANKED: list[tuple[Record, str, str]] = [
    ({"first_name": 5}, "first_name", "not text"),
    ({"email": "a\x00b"}, "email", "a NUL character"),
    ({"last_name": "\ud83d"}, "last_name", "half of a surrogate pair"),
    ({"patient_phone_numbers": "0491570006"}, "patient_phone_numbers", "not a list"),
]


def test_bad_records_are_quarantined_bad_fields_blanked_and_the_rest_goes_on(
    open_account: AccountMaker,
) -> None:
    bad = [patient(number, **fields) for number, (fields, _, _) in enumerate([*REFUSED, *BLANKED], start=901)]
    account = open_account(patients=[*PATIENTS[:120], *bad, *PATIENTS[120:]])
    feed = account.sync().feeds["patients"]
    assert (feed["rows_quarantined"], feed["rows_blanked"]) == (len(REFUSED), len(BLANKED))
    assert account.quarantine() == [
        {"feed": "patients", "record_id": str(number), "field": name, "reason": reason, "is_resolved": False}
        for number, (_, name, reason) in enumerate([*REFUSED, *BLANKED], start=901)
    ]
    current = account.current("patients")
    assert len(current) == 250 + len(BLANKED)
    for number, (_, name, _) in enumerate(BLANKED, start=904):
        assert current[str(number)][name] is None


def waiting(account: Account) -> dict[str, bool]:
    return {row["record_id"]: not row["is_resolved"] for row in account.quarantine()}


def test_a_quarantined_record_is_asked_for_again_until_it_is_whole(open_account: AccountMaker) -> None:
    account = open_account(
        patients=[patient(1), patient(2, archived_at=5), patient(3, merged_at=True), patient(4, email=5)]
    )
    account.sync()
    account.control.requests()
    account.sync()
    assert account.control.requests()["requests"] == QUIET_REQUESTS + 1
    assert waiting(account) == {"2": True, "3": True, "4": True}

    account.control.put(patients=[patient(2, first_name="Tess")])  # healed, and updated_at did not move
    account.control.remove("patients", 3)
    account.sync()
    assert account.current("patients")["2"]["first_name"] == "Tess"
    assert waiting(account) == {"2": False, "3": False, "4": True}
    account.control.requests()
    account.sync()
    assert account.control.requests()["requests"] == QUIET_REQUESTS


def test_the_last_good_version_stays_while_a_bad_one_waits(open_account: AccountMaker) -> None:
    account = open_account(individual_appointments=[appointment(1, 1)])
    account.sync()
    bad = appointment(1, 1, starts_at="2999-01-01T00:00:00Z", updated_at=account.control.now())
    account.control.put(individual_appointments=[bad])
    account.sync()
    assert account.current("individual_appointments")["1"]["starts_at"].year == 2026
    assert [row["field"] for row in account.quarantine()] == ["starts_at"]


def test_a_record_stamped_in_2999_costs_no_more_than_itself(open_account: AccountMaker) -> None:
    account = open_account(patients=[*PATIENTS, patient(999, updated_at="2999-01-01T00:00:00Z")])
    for _ in range(2):
        account.sync()
    assert len(account.current("patients")) == 250
    [cursor] = account.query("select * from app.sync_cursors where feed = 'patients'")
    assert cursor["updated_through"].year < 2999
    account.control.put(patients=[patient(1, first_name="Nora", updated_at=account.control.now())])
    account.sync()
    assert account.current("patients")["1"]["first_name"] == "Nora"


def test_a_list_that_changed_its_shape_is_not_a_heap_of_bad_records(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(number, archived_at=5) for number in range(1, 151)])
    assert "archived_at: not text" in fails(account, "shape_changed").message
    assert account.quarantine() == []


def test_no_key_and_an_unknown_organization_are_told_apart(open_account: AccountMaker) -> None:
    account = open_account()
    account.query("delete from app.cliniko_credentials returning 1")
    fails(account, "no_key")
    with pytest.raises(SyncError) as failure:
        Account(account.settings, "nobody", account.control).sync()
    assert failure.value.code == "unknown_organization"


def test_a_key_sealed_by_another_master_key_does_not_open(open_account: AccountMaker) -> None:
    account = open_account()
    account.query("update app.cliniko_credentials set version = 2 returning 1")
    assert "ROUTIQ_MASTER_KEY" in fails(account, "sealed").message


def test_what_was_blanked_is_told_until_it_comes_right(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1, email=5, first_name=True), patient(2, email=5)])
    account.sync()
    account.control.put(patients=[patient(1, email=["x"])])  # and updated_at did not move
    result = account.sync(kind="sweep")
    assert result.feeds["patients"]["rows_blanked"] == 2
    assert account.current("patients")["1"]["first_name"] == "Tess"
    assert opened(account) == [("1", "email", "blanked"), ("2", "email", "blanked")]
    account.control.put(patients=[patient(1, updated_at=account.control.now())])
    account.control.remove("patients", 2)
    account.sync()
    assert opened(account) == [("2", "email", "blanked")]  # not read again: nobody touched it
    account.sync(kind="sweep")
    assert opened(account) == []


def test_a_refused_record_that_lands_tells_what_it_lacks(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1, email=5, archived_at=5), patient(2)])
    account.sync()
    assert opened(account) == [("1", "archived_at", "refused")]
    account.control.put(patients=[patient(1, email=5)])
    account.sync()
    assert opened(account) == [("1", "email", "blanked")]
    account.control.put(patients=[patient(1, archived_at=5, updated_at=account.control.now())])
    account.sync()
    assert opened(account) == [("1", "archived_at", "refused"), ("1", "email", "blanked")]


def test_records_without_an_id_are_each_counted_and_reading_again_does_not_multiply_them(
    open_account: AccountMaker,
) -> None:
    account = open_account(patients=PATIENTS)
    account.control.fault("no_id", path="patients", page=1, rows=7)
    for kind in ("sync", "sweep", "sweep"):
        assert account.sync(kind=kind).feeds["patients"]["rows_quarantined"] == 7
        assert opened(account) == [(None, "id", "refused")] * 7
    account.control.heal()
    account.control.fault("no_id", path="patients", page=1, rows=3)
    account.sync(kind="sweep")
    assert opened(account) == [(None, "id", "refused")] * 3
    account.control.heal()
    account.sync()
    assert len(opened(account)) == 3  # an hourly sync reads what changed: of them it knows nothing
    account.sync(kind="sweep")
    assert opened(account) == []


def test_ids_may_be_numbers(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1, id=1), patient(2, archived_at=5, id=2)])
    account.sync()
    account.control.put(patients=[patient(2, id=2)])
    account.sync()
    assert set(account.current("patients")) == {"1", "2"}
    assert opened(account) == []


def opened(account: Account) -> list[tuple[str | None, str, str]]:
    rows = account.query(
        "select record_id, field, effect from app.quarantine"
        " where organization_id = %(organization)s and resolved_at is null order by record_id, field"
    )
    return [(row["record_id"], row["field"], row["effect"]) for row in rows]
