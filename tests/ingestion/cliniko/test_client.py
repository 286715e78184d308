"""One request over HTTP: what is waited for (the test turns the clock), tried again, or final."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingestion.cliniko.client import Client
from ingestion.cliniko.pace import Pace
from ingestion.errors import SyncError
from ingestion.settings import ClinikoSettings
from sandbox.cliniko.running import run_cliniko
from tests.ingestion.clinics import Control, key_of, make_clinic, patient
from warehouse.sealing import Secret


@dataclass
class Clock:
    now: float = 0.0
    told: list[tuple[float, str]] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def tell(self, seconds: float, reason: str) -> None:
        self.told.append((seconds, reason))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Control]]:
    clinic = make_clinic(tmp_path_factory.mktemp("clinics") / "harbour", {"patients": [patient(1)]})
    with run_cliniko([clinic]) as address:
        yield clinic, Control(address, "harbour")


@pytest.fixture
def control(served: tuple[Path, Control]) -> Control:
    served[1].heal()
    return served[1]


@contextmanager
def client_of(
    control: Control, clock: Clock, key: str = "invented-harbour-au2", **limits: float
) -> Iterator[Client]:
    client = Client(
        f"{control.address}/v1",
        Secret(key),
        ClinikoSettings(**limits),  # type: ignore[arg-type]
        Pace(200, clock=clock),
        on_wait=clock.tell,
        clock=clock,
        sleep=clock.sleep,
    )
    with client:
        yield client


@pytest.mark.parametrize(
    ("base_url", "code"),
    [
        ("http://api.au2.cliniko.com/v1", "bad_address"),
        ("https://example.com/v1", "bad_address"),
        ("http://user:pw@127.0.0.1:8091/v1", "bad_address"),
        ("https://api.uk1.cliniko.com/v1", "wrong_shard"),
    ],
)
def test_a_key_gets_no_client_for_another_address(base_url: str, code: str) -> None:
    with pytest.raises(SyncError) as refused:
        Client(base_url, Secret("invented-au2"), ClinikoSettings(), Pace(0))
    assert refused.value.code == code


def test_retries_write_nothing_of_the_librarys_on_the_screen(
    control: Control, capfd: pytest.CaptureFixture[str]
) -> None:
    control.fault("status", status=502, times=2)
    with client_of(control, Clock(), retry_seconds=0.01) as client:
        assert client.get(client.url("/user")).payload
        assert client.counters.requests == 3
    assert capfd.readouterr() == ("", "")


def test_ten_minutes_of_429_are_waited_for_and_shown(control: Control) -> None:
    control.fault("status", status=429, reset_in=60, times=10)
    clock = Clock()
    with client_of(control, clock) as client:
        assert client.get(client.url("/patients")).payload["total_entries"] == 1
    assert 590 <= clock.now <= 620
    assert client.counters.answered_429 == 10
    assert len(clock.told) >= 590
    assert all("429" in reason for _, reason in clock.told)


def test_patience_ends(control: Control) -> None:
    control.fault("status", status=429, reset_in=60)
    clock = Clock()
    with client_of(control, clock, patience_seconds=600) as client, pytest.raises(SyncError) as failure:
        client.get(client.url("/patients"))
    assert failure.value.code == "rate_limited"
    assert clock.now <= 600


def test_retry_after_is_obeyed_where_there_is_one(tmp_path: Path) -> None:
    clinic = make_clinic(tmp_path / "later", extra="[choices]\nretry_after = true\n")
    with run_cliniko([clinic]) as address:
        control = Control(address, "later")
        control.fault("status", status=429, reset_in=30, times=1)
        clock = Clock()
        with client_of(control, clock, key=key_of(clinic.name)) as client:
            client.get(client.url("/patients"))
    assert 29 <= clock.now <= 32


def test_a_lost_lease_ends_a_wait(control: Control) -> None:
    control.fault("status", status=429, reset_in=60)
    clock = Clock()

    def check() -> None:
        if clock.now > 5:
            raise SyncError("lease_lost", "lost")

    with client_of(control, clock) as client:
        client.check = check
        with pytest.raises(SyncError, match="lost"):
            client.get(client.url("/patients"))
    assert clock.now < 10


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "refused"),
        (401, "wrong_key"),
        (403, "forbidden"),
        (404, "not_found"),
        (410, "gone"),
        (422, "refused"),
    ],
)
def test_what_is_final_is_asked_once(control: Control, status: int, code: str) -> None:
    control.requests()
    control.fault("status", status=status, path="patients")
    with client_of(control, Clock()) as client, pytest.raises(SyncError) as failure:
        client.get(client.url("/patients"))
    assert failure.value.code == code
    assert control.requests()["requests"] == 1


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("This column is not searchable.", "Cliniko says: This column is not searchable."),
        ("first\nsecond\x1b[31m\u202ethird", "Cliniko says: first second [31m third"),
        ("<b>bold</b> <img src=x onerror=1", "Cliniko says: bold"),
        ("a" * 3000, "Cliniko says: " + "a" * 200),
        ("a" * 5000, "(400)"),
        ("your key is invented-harbour-au2", "Cliniko says: your key is ..."),
        ("", "(400)"),
    ],
)
def test_a_refusal_stands_in_cliniko_s_words_made_harmless(control: Control, said: str, shown: str) -> None:
    control.fault("status", status=400, path="patients", message=said)
    with client_of(control, Clock()) as client, pytest.raises(SyncError) as failure:
        client.get(client.url("/patients"))
    assert failure.value.message.endswith(shown)


def test_another_try_is_told_to_who_waits_and_to_nobody_else(
    control: Control, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    control.fault("status", status=503, path="patients", times=2)
    clock = Clock()
    with client_of(control, clock, retry_seconds=0.001) as client:
        client.get(client.url("/patients"))
    assert [reason for _, reason in clock.told] == ["/v1/patients: Cliniko answers 503, asked again"] * 2
    assert capsys.readouterr() == ("", "")
    assert "stamina" not in {record.name for record in caplog.records}


def test_a_list_that_may_be_missing_is_given_up_sooner(control: Control) -> None:
    control.requests()
    control.fault("status", status=500, path="patients")
    with client_of(control, Clock(), attempts=50) as client:
        client.tries_seconds = 0.05
        with pytest.raises(SyncError):
            client.get(client.url("/patients"))
    assert control.requests()["requests"] < 50


def test_a_failing_server_is_asked_as_often_as_set(control: Control) -> None:
    control.requests()
    control.fault("status", status=500, path="patients")
    with client_of(control, Clock(), attempts=3) as client, pytest.raises(SyncError) as failure:
        client.get(client.url("/patients"))
    assert failure.value.code == "server_error"
    assert control.requests()["requests"] == 3


def test_an_answer_too_large_is_refused(control: Control) -> None:
    control.put(patients=[patient(number, notes="x" * 30_000) for number in range(1, 51)])
    with client_of(control, Clock(), answer_megabytes=1) as client, pytest.raises(SyncError) as failure:
        client.get(client.url("/patients"))
    assert failure.value.code == "too_large"


def test_a_slow_answer_is_given_up(control: Control) -> None:
    control.fault("slow", seconds=5.0, path="businesses")
    impatient = client_of(control, Clock(), attempts=1, request_seconds=0.2)
    with impatient as client, pytest.raises(SyncError) as failure:
        client.get(client.url("/businesses"))
    assert failure.value.code == "timeout"


def test_the_key_goes_to_no_other_host(control: Control) -> None:
    with client_of(control, Clock()) as client, pytest.raises(SyncError) as failure:
        client.get("https://api.au9.cliniko.example/v1/patients?page=2")
    assert failure.value.code == "foreign_link"


def test_no_error_shows_the_key(control: Control) -> None:
    key = "canary-key-au2"
    with client_of(control, Clock(), key=key) as client, pytest.raises(SyncError) as failure:
        client.get(client.url("/patients"))
    assert failure.value.code == "wrong_key"
    chain = [failure.value, failure.value.__cause__, failure.value.__context__]
    assert key not in f"{chain!r}{chain}{client!r}"
