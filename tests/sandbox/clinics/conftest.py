"""One generated clinic for all that only read it."""

from functools import lru_cache
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


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinics") / "fennel"
    generate(options(), folder)
    return folder


@lru_cache
def rows(folder: Path, resource: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (folder / f"{resource}.jsonl").read_bytes().splitlines()]
