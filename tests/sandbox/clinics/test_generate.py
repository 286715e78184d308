"""The folder: sizes as ordered, the same for the same seed, ids and people as real ones trouble us."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from sandbox.clinics.clock import parse
from sandbox.clinics.generate import generate
from sandbox.clinics.options import ClinicOptions, Sizes

AS_OF = parse("2026-03-31T02:30:00Z")


def options(seed: int = 5, patients: int = 400) -> ClinicOptions:
    return ClinicOptions(seed=seed, as_of=AS_OF, sizes=Sizes.believable(patients))


def rows(folder: Path, resource: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (folder / f"{resource}.jsonl").read_bytes().splitlines()]


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    generate(options(), folder)
    return folder


def test_one_seed_makes_one_clinic(clinic: Path, tmp_path: Path) -> None:
    generate(options(), tmp_path / "again")
    generate(options(seed=6), tmp_path / "other")
    assert digest(tmp_path / "again") == digest(clinic)
    assert digest(tmp_path / "other")["patients.jsonl"] != digest(clinic)["patients.jsonl"]


def test_ids_confuse_doubles_and_text_order(clinic: Path) -> None:
    ids = [row["id"] for row in rows(clinic, "patients")]
    assert all(isinstance(one, str) and int(one) > 2**53 for one in ids)
    assert len(ids) == len(set(ids)) == 400
    assert len({float(one) for one in ids}) < 400
    assert sorted(ids) != sorted(ids, key=int)


def test_appointments_are_as_many_as_ordered(clinic: Path) -> None:
    assert len(rows(clinic, "individual_appointments")) == 2_000
