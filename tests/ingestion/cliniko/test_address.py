"""Our key goes only to Cliniko's own hosts, or to this machine."""

import pytest

from ingestion.cliniko.address import base_url_for, is_below, shard_of
from ingestion.errors import SyncError


@pytest.mark.parametrize(
    ("key", "shard"),
    [
        ("abc-au2", "au2"),
        ("abc-uk11", "uk11"),
        ("abc", "au1"),
        ("abc-AU2", "au1"),
        ("a-evil.example/x", "au1"),
    ],
)
def test_the_shard_is_the_end_of_the_key(key: str, shard: str) -> None:
    assert shard_of(key) == shard


def test_without_an_address_it_is_made_from_the_shard() -> None:
    assert base_url_for("abc-eu1") == "https://api.eu1.cliniko.com/v1"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://api.au2.cliniko.com", "https://api.au2.cliniko.com/v1"),
        ("https://api.au2.cliniko.com/v1/", "https://api.au2.cliniko.com/v1"),
        ("http://127.0.0.1:8091", "http://127.0.0.1:8091/v1"),
    ],
)
def test_an_address_may_end_in_v1_or_not(given: str, address: str) -> None:
    assert base_url_for("abc-au2", given) == address


@pytest.mark.parametrize(
    "given",
    [
        "http://api.au2.cliniko.com",
        "https://api.au2.cliniko.com.example.com",
        "https://example.com/api.au2.cliniko.com",
        "https://api.au2.cliniko.com:8443",
        "https://user@example.com",
        "https://user:pw@api.au2.cliniko.com/v1",
        "http://user:pw@127.0.0.1:8091/v1",
        "http://@127.0.0.1:8091/v1",
        "https://api.au2.cliniko.com/v1?to=elsewhere",
        "http://127.0.0.1:8091/v1#fragment",
        "http://127.0.0.1:8091/v1#",
        "http://127.0.0.1:99999/v1",
        "http://[::1/v1",
        "https://api.au2.cliniko.com/v1\n",
        "https://api.au2.cliniko.com\\.example.com/v1",
        "http://127.0.0.1%2f.example.com/v1",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "",
    ],
)
def test_any_other_host_is_refused(given: str) -> None:
    with pytest.raises(SyncError) as refusal:
        base_url_for("abc-au2", given)
    assert refusal.value.code == "bad_address"
    assert "pw" not in refusal.value.message


def test_another_shard_than_the_keys_is_refused() -> None:
    with pytest.raises(SyncError) as refusal:
        base_url_for("abc-au2", "https://api.uk1.cliniko.com")
    assert refusal.value.code == "wrong_shard"


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("https://api.au2.cliniko.com/v1/patients?page=2", True),
        ("https://api.au3.cliniko.com/v1/patients?page=2", False),
        ("http://api.au2.cliniko.com/v1/patients?page=2", False),
        ("https://api.au2.cliniko.com:444/v1/patients", False),
        ("https://api.au2.cliniko.com@example.com/v1/patients", False),
        ("https://api.au2.cliniko.com/v2/patients", False),
        ("https://api.au2.cliniko.com/v1/../admin", False),
        ("/v1/patients?page=2", False),
    ],
)
def test_only_links_below_our_address_are_followed(url: str, is_ours: bool) -> None:
    assert is_below(url, "https://api.au2.cliniko.com/v1") is is_ours
