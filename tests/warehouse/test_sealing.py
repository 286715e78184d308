"""Sealed values open where they belong and nowhere else; secrets do not show."""

import json
import pickle
from dataclasses import replace

import pytest

from warehouse.sealing import Sealed, SealError, Secret, rewrap, seal, unseal

KEY = b"k" * 32
ADDRESS = "https://api.au2.cliniko.com/v1"
CANARY = "canary-key-au2"


def sealed(organization_id: str = "a", name: str = "cliniko api key", version: int = 1) -> Sealed:
    return seal(KEY, organization_id, name, version, ADDRESS, Secret(CANARY))


def changed(value: Sealed, place: str, content: bytes) -> Sealed:
    fields = {**vars(value), place: content}
    return Sealed(**fields)


def test_a_value_opens_where_it_was_sealed() -> None:
    assert unseal(KEY, "a", "cliniko api key", ADDRESS, sealed()).reveal() == CANARY


@pytest.mark.parametrize(
    ("organization_id", "name", "version", "key", "address"),
    [
        ("b", "cliniko api key", 1, KEY, ADDRESS),
        ("a", "another secret", 1, KEY, ADDRESS),
        ("a", "cliniko api key", 2, KEY, ADDRESS),
        ("a", "cliniko api key", 1, b"x" * 32, ADDRESS),
        ("acliniko", " api key", 1, KEY, ADDRESS),
        ("a", "cliniko api key", 1, KEY, "http://127.0.0.1:8091/v1"),
        ("a", "cliniko api key", 1, KEY, ""),
    ],
)
def test_it_opens_nowhere_else(
    organization_id: str, name: str, version: int, key: bytes, address: str
) -> None:
    with pytest.raises(SealError) as refusal:
        unseal(key, organization_id, name, address, replace(sealed(), version=version))
    assert CANARY not in str(refusal.value)


def test_a_ciphertext_beside_another_organizations_key_does_not_open() -> None:
    mixed = replace(sealed("a"), ciphertext=sealed("b").ciphertext)
    for organization_id in ("a", "b"):
        with pytest.raises(SealError):
            unseal(KEY, organization_id, "cliniko api key", ADDRESS, mixed)


@pytest.mark.parametrize("place", ["wrapped_key", "ciphertext"])
@pytest.mark.parametrize("position", [0, 11, 12, -1])
def test_a_changed_byte_is_noticed(place: str, position: int) -> None:
    good = sealed()
    bytes_ = bytearray(getattr(good, place))
    bytes_[position] ^= 1
    with pytest.raises(SealError):
        unseal(KEY, "a", "cliniko api key", ADDRESS, changed(good, place, bytes(bytes_)))


@pytest.mark.parametrize("place", ["wrapped_key", "ciphertext"])
def test_a_cut_value_is_an_error_of_ours(place: str) -> None:
    with pytest.raises(SealError):
        unseal(KEY, "a", "cliniko api key", ADDRESS, changed(sealed(), place, b"short"))


def test_the_key_of_another_environment_is_named() -> None:
    with pytest.raises(SealError, match="OLD_KEY"):
        unseal(KEY, "a", "cliniko api key", ADDRESS, replace(sealed(), kek_id="OLD_KEY"))


def test_a_rewrapped_value_opens_with_the_new_master_key_alone() -> None:
    new = b"n" * 32
    rewrapped = replace(sealed(), wrapped_key=rewrap(KEY, new, "a", sealed()))
    with pytest.raises(SealError):
        unseal(new, "a", "cliniko api key", ADDRESS, rewrapped)  # the data key of another sealing
    value = sealed()
    rewrapped = replace(value, wrapped_key=rewrap(KEY, new, "a", value))
    assert unseal(new, "a", "cliniko api key", ADDRESS, rewrapped).reveal() == CANARY
    with pytest.raises(SealError):
        unseal(KEY, "a", "cliniko api key", ADDRESS, rewrapped)
    with pytest.raises(SealError):
        rewrap(KEY, new, "a", rewrapped)


def test_nothing_is_sealed_alike_twice() -> None:
    assert sealed().ciphertext != sealed().ciphertext
    assert sealed().wrapped_key != sealed().wrapped_key


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret(CANARY)
    assert CANARY not in f"{secret} {secret!r} {[secret]} {secret!s}"
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
