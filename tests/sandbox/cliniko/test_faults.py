"""Each kind of fault, where it hits and when it ends."""

import json
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.cliniko.clinic_files import Api, record, served, write_clinic

COUNT = 30


def second(number: int) -> str:
    return f"2026-02-03T00:00:{number:02}Z"


@pytest.fixture(scope="module")
def address(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("clinics")
    rows = [record("patients", number, updated_at=second(number)) for number in range(1, COUNT + 1)]
    flipped = '[choices]\nwrong_shard_status = 404\nunauthorized_body = "json"\n'
    folders = [
        write_clinic(root / "faulty", {"patients": rows}),
        write_clinic(root / "other", {}, toml=flipped),
    ]
    with served(server, *folders) as address:
        yield address


@pytest.fixture
def api(address: str) -> Iterator[Api]:
    found = Api(address, "faulty")
    yield found
    found.close()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 429, 500, 502, 503, 504])
def test_status(api: Api, status: int) -> None:
    api.fault("status", status=status, times=1)
    answer = api.get("patients")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html") == (status >= 500)
    assert ("X-RateLimit-Reset" in answer.headers) == (status == 429)
    assert api.get("patients").status_code == 200


def test_a_status_has_cliniko_s_words_or_those_it_was_given(api: Api) -> None:
    api.fault("status", status=400, message="This column is not searchable.", times=1)
    assert api.get("patients").json() == {"message": "This column is not searchable."}
    api.fault("status", status=410, times=1)
    assert api.get("patients").json() == {"message": "Gone"}


def test_a_filter_is_refused_only_where_it_is_used(api: Api) -> None:
    api.fault("refuse_filter", field="archived_at", path="patients", times=1)
    assert api.get("patients", "id:=1").status_code == 200
    refused = api.get("patients", "id:=1", "archived_at:*")
    assert (refused.status_code, refused.json()) == (400, {"message": "archived_at is not filterable"})
    assert api.get("patients", "archived_at:*").status_code == 200


def test_filters_may_go_unheard(api: Api) -> None:
    api.fault("ignore_filters", times=1)
    assert api.page("patients", "id:=1")["total_entries"] == COUNT
    assert api.page("patients", "id:=1")["total_entries"] == 1


def test_a_clock_that_goes_wrong(api: Api) -> None:
    api.fault("clock", seconds=-300, times=1)
    told = parsedate_to_datetime(api.get("patients").headers["date"]).timestamp()
    assert 290 <= time.time() - told <= 310
    assert time.time() - parsedate_to_datetime(api.get("patients").headers["date"]).timestamp() < 60


def test_429_tells_the_reset_it_was_given(api: Api) -> None:
    api.fault("status", status=429, reset_in=600, times=1)
    reset = int(api.get("patients").headers["X-RateLimit-Reset"])
    assert 595 <= reset - time.time() <= 601


def test_html(api: Api) -> None:
    api.fault("html")
    answer = api.get("patients")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_truncated(api: Api) -> None:
    api.fault("truncated")
    answer = api.get("patients")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_short_page(api: Api) -> None:
    api.fault("short_page", rows=4)
    page = api.page("patients", per_page=10)
    assert (len(page["patients"]), page["total_entries"], "next" in page["links"]) == (6, COUNT, True)


def test_slow(api: Api) -> None:
    api.fault("slow", seconds=0.3, times=1)
    began = time.monotonic()
    assert len(api.page("patients")["patients"]) == COUNT
    assert time.monotonic() - began >= 0.3


def test_reset(api: Api) -> None:
    api.fault("reset", times=1)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        api.get("patients")
    assert api.get("patients").status_code == 200


def test_next_host(api: Api) -> None:
    api.fault("next_host")
    following = api.page("patients", per_page=10, sort="id")["links"]["next"]
    assert following.startswith("https://api.au9.cliniko.example/v1/patients?page=2&")


def test_loop(api: Api) -> None:
    api.fault("loop", page=2)
    links = api.page("patients", per_page=10, page=2)["links"]
    assert links["next"] == links["self"]
    assert api.page("patients", per_page=10)["links"]["next"] == links["self"]


def test_empty(api: Api) -> None:
    api.fault("empty")
    page = api.page("patients", per_page=10)
    assert (page["patients"], page["total_entries"], list(page["links"])) == ([], 0, ["self"])


def test_wrong_shape(api: Api) -> None:
    api.fault("wrong_shape")
    assert "patients" not in api.page("patients")


def test_wrong_shard(address: str, api: Api) -> None:
    api.fault("wrong_shard")
    assert api.get("user").status_code == 401
    other = Api(address, "other")
    other.fault("wrong_shard", times=1)
    answer = other.get("user")
    assert (answer.status_code, answer.json()) == (404, {"message": "HTTP Basic: Access denied."})


def test_move_rows_makes_an_offset_reader_miss_rows(api: Api) -> None:
    api.fault("move_rows", rows=3, times=1)
    pages = [api.page("patients", sort="updated_at,id", per_page=10, page=number) for number in (1, 2, 3)]
    seen = [row["id"] for page in pages for row in page["patients"]]
    assert {str(number) for number in range(1, COUNT + 1)} - set(seen) == {"11", "12", "13"}
    assert [page["total_entries"] for page in pages] == [COUNT] * 3


@pytest.mark.parametrize(
    ("path", "hit"),
    [
        (None, {"patients", "patients/2", "patient_cases"}),
        ("patients", {"patients", "patients/2"}),
        ("/v1/patients", {"patients", "patients/2"}),
        ("patients/2", {"patients/2"}),
    ],
)
def test_a_fault_hits_its_path_and_what_is_below(api: Api, path: str | None, hit: set[str]) -> None:
    api.fault("status", status=500, path=path)
    paths = ("patients", "patients/2", "patient_cases")
    assert {asked for asked in paths if api.get(asked).status_code == 500} == hit


def test_a_fault_waits_counts_and_is_cleared(api: Api) -> None:
    api.fault("status", status=502, after=1, times=2)
    assert [api.get("patients").status_code for _ in range(4)] == [200, 502, 502, 200]
    api.fault("status", status=502)
    assert [api.get("patients").status_code for _ in range(2)] == [502, 502]
    assert api.control.delete("/faults").status_code == 204
    assert api.get("patients").status_code == 200


def test_one_clinics_fault_is_not_anothers(address: str, api: Api) -> None:
    api.fault("status", status=500)
    assert Api(address, "other").get("user").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "sometimes"},
        {"kind": "status"},
        {"kind": "status", "status": 418},
        {"kind": "slow", "seconds": "1"},
        {"kind": "html", "tiems": 1},
        [],
    ],
)
def test_a_fault_that_says_nothing_is_refused(api: Api, body: Any) -> None:
    assert api.control.post("/faults", json=body).status_code == 400
