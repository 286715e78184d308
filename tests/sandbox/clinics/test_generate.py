"""The folder: sizes as ordered, the same for the same seed, ids and people as real ones trouble us."""

import re
import tomllib
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random

import orjson
import phonenumbers
import pytest

from sandbox.clinics.clock import DAY, Calendar
from sandbox.clinics.generate import generate
from sandbox.clinics.options import Quota, Sizes
from sandbox.clinics.phones import country_of, draw_phones, national_number
from sandbox.clinics.rhythms import EDGE_DAYS
from sandbox.clinics.story import load_story
from tests.sandbox.clinics.conftest import AS_OF, options, rows


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in files}


def test_one_seed_makes_one_clinic(generated: Path, tmp_path: Path) -> None:
    generate(options(), tmp_path / "again")
    generate(options(seed=6), tmp_path / "other")
    assert digest(tmp_path / "again") == digest(generated)
    assert digest(tmp_path / "other")["patients.jsonl"] != digest(generated)["patients.jsonl"]


def test_sizes_are_as_ordered(generated: Path) -> None:
    counts = {
        "patients": 400,
        "individual_appointments": 2_000,
        "attendees": 2_000 + 120,
        "invoices": 1_600,
        "treatment_notes": 1_000,
        "communications": 2_400,
    }
    assert {resource: len(rows(generated, resource)) for resource in counts} == counts


@pytest.mark.parametrize("patients", [0, 1, 7])
def test_small_clinics_are_clinics_too(tmp_path: Path, patients: int) -> None:
    counts = generate(options(patients=patients), tmp_path)
    assert (counts["patients"], counts["individual_appointments"]) == (patients, patients * 5)


def test_a_bare_clinic_has_nothing_else(tmp_path: Path) -> None:
    counts = generate(replace(options(), sizes=Sizes.bare(50, 90)), tmp_path)
    assert counts["individual_appointments"] == 90
    assert not any(
        counts[name]
        for name in ("attendees", "group_appointments", "invoices", "communications", "patient_cases")
    )


def test_a_quota_is_dealt_out_to_the_last() -> None:
    quota = Quota(17, 40)
    assert sum(quota.deal(4) for _ in range(10)) == 17


def test_the_frame_says_who_and_where(generated: Path) -> None:
    told = tomllib.loads((generated / "clinic.toml").read_text(encoding="utf-8"))
    assert (told["time_zone"], told["country"]) == ("Australia/Sydney", "AU")
    assert told["api_key"].endswith("-au2")


def test_ids_confuse_doubles_and_text_order(generated: Path) -> None:
    ids = [row["id"] for row in rows(generated, "patients")]
    assert all(isinstance(one, str) and int(one) > 2**53 for one in ids)
    assert len(ids) == len(set(ids))
    assert len({float(one) for one in ids}) < len(ids)
    assert sorted(ids) != sorted(ids, key=int)


def test_everything_but_visits_and_classes_is_past(generated: Path) -> None:
    for resource in ("patients", "individual_appointments", "attendees", "invoices", "communications"):
        for row in rows(generated, resource):
            assert row["created_at"] <= row["updated_at"] <= "2026-03-31T02:30:00Z", (resource, row["id"])


def test_about_one_in_a_hundred_cannot_be_rung() -> None:
    rng = Random(3)
    drawn = [draw_phones(rng, "AU", national_number(rng, "AU")) for _ in range(20_000)]
    silent = [phones for phones in drawn if not any(p.e164 and p.phone_type != "Fax" for p in phones)]
    assert 0.007 < len(silent) / len(drawn) < 0.015


@pytest.mark.parametrize("country", ["AU", "GB", "US"])
def test_what_people_type_is_the_number_they_mean(country: str) -> None:
    rng = Random(4)
    for _ in range(300):
        phones = draw_phones(rng, country, national_number(rng, country))
        for phone in phones:
            if phone.e164 is None:
                continue
            digits = re.sub(r" \(mum\)|work: | ext 4", "", phone.number)
            number = phonenumbers.parse(digits, country_of(phones, country))
            assert phonenumbers.is_valid_number(number), phone
            assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == phone.e164


def test_some_have_words_beside_their_number_and_some_are_from_abroad() -> None:
    rng = Random(5)
    drawn = [draw_phones(rng, "AU", national_number(rng, "AU")) for _ in range(2_000)]
    numbers = [phone for phones in drawn for phone in phones]
    assert {phone.e164 for phone in numbers if phone.number.endswith("DO NOT CALL")} == {None}
    assert any(phone.number.endswith("(mum)") and phone.e164 for phone in numbers)
    assert any(phone.normalized_number == phone.e164 for phone in numbers)
    assert {country_of(phones, "AU") for phones in drawn} == {"AU", "GB"}


def test_families_share_a_phone_and_a_name(generated: Path) -> None:
    shared: dict[str, set[str]] = {}
    for patient in load_story(generated).patients.values():
        for phone in patient.phones:
            shared.setdefault(phone.normalized_number, set()).add(patient.last_name)
    holders = [row for number, names in shared.items() if number for row in [names]]
    assert len(holders) < 400
    assert any(len(names) == 1 for names in holders)


def test_somebody_came_last_on_each_edge_day(tmp_path: Path) -> None:
    generate(options(patients=1_500), tmp_path)
    calendar = Calendar("Australia/Sydney")
    today = calendar.day(AS_OF)
    last_days = set()
    for patient in load_story(tmp_path).patients.values():
        if patient.rhythm == "edge" and patient.visits:
            last_days.add(today - calendar.day(max(visit.starts_at for visit in patient.visits)))
    assert last_days == set(EDGE_DAYS)


def test_some_visits_fall_on_another_day_than_in_utc(generated: Path) -> None:
    sydney, utc = Calendar("Australia/Sydney"), Calendar("UTC")
    starts = [
        visit.starts_at for patient in load_story(generated).patients.values() for visit in patient.visits
    ]
    other = [start for start in starts if sydney.day(start) != utc.day(start)]
    assert 0.05 < len(other) / len(starts) < 0.95
    assert any(start > AS_OF + DAY for start in starts)


def test_each_clinic_is_an_account_of_its_own(tmp_path: Path) -> None:
    asked = {
        "same": options(patients=1),
        "seed": options(seed=6, patients=1),
        "name": replace(options(patients=1), name="Quayside"),
        "again": options(patients=1),
    }
    for name, wanted in asked.items():
        generate(wanted, tmp_path / name)
    ids = {
        name: orjson.loads((tmp_path / name / "settings.json").read_bytes())["account"]["id"]
        for name in asked
    }
    assert ids["same"] == ids["again"]
    assert len(set(ids.values())) == 3
