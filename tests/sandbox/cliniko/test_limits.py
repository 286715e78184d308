"""The rate limit: a fixed window for each user, and what is counted."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cliniko.limits import RateLimit
from sandbox.cliniko.running import run_cliniko
from tests.sandbox.cliniko.clinic_files import Api, write_clinic

LIMIT = 5
AGE = 10**9  # seconds: no window ends within the test


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("clinics")
    flipped = "[choices]\nretry_after = true\n"
    folders = [write_clinic(root / name, {}, toml=toml) for name, toml in (("a", ""), ("b", flipped))]
    with run_cliniko(folders, rate_limit=LIMIT, rate_window=AGE) as address:
        yield address


def test_the_user_over_the_limit_is_told_when_the_window_ends(address: str) -> None:
    first, second = Api(address, "a"), Api(address, "b")
    assert [first.get("patients").status_code for _ in range(LIMIT)] == [200] * LIMIT
    refused = first.get("patients")
    assert refused.status_code == 429
    reset = int(refused.headers["X-RateLimit-Reset"])
    assert reset % AGE == 0
    assert 0 <= reset - time.time() <= AGE
    assert "Retry-After" not in refused.headers
    assert first.get("nothing").status_code == 429
    assert second.get("patients").status_code == 200

    report = first.control.get("/requests").json()
    assert (report["requests"], report["status_429"]) == (LIMIT + 2, 2)
    assert report["by_path"] == {"/v1/patients": LIMIT + 1, "/v1/nothing": 1}
    assert report["window"] == {"limit": LIMIT, "remaining": 0, "reset": reset}


def test_retry_after_is_a_choice(address: str) -> None:
    api = Api(address, "b")
    answers = (api.get("user") for _ in range(LIMIT + 1))
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 0 < int(refused.headers["Retry-After"]) <= AGE


def test_a_new_window_lets_through_again() -> None:
    limit = RateLimit(allowed=2, seconds=60)
    assert [limit.take(at) for at in (119.0, 119.5, 119.9)] == [None, None, 120]
    assert [limit.take(at) for at in (120.0, 130.0, 179.9)] == [None, None, 180]


def test_no_limit_counts_all_the_same() -> None:
    limit = RateLimit(allowed=None)
    assert all(limit.take(1.0) is None for _ in range(1000))
    assert limit.state(1.0) == {"limit": None, "remaining": None, "reset": 60}
