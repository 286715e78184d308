"""Two clinics as the sandbox generates them, with outreach: every mart equals the reference, now and then."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from ingestion.cliniko.feeds import FEEDS, Feed
from ingestion.cliniko.rows import Row, compile_validator
from orchestration.dbt.build import build
from sandbox.clinics.cli import main as clinics_cli
from tests.reference.comparing import Reader
from tests.reference.drawing import LOADED_AT, Drawn
from tests.reference.loading import load
from warehouse.settings import Settings

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # half an hour into summer time in London
QUESTIONS = (NOW, NOW - timedelta(days=40), NOW - timedelta(days=200), NOW + timedelta(days=20))
CLINICS = {"org_harbour": ("Australia/Sydney", "AU", 160), "org_thames": ("Europe/London", "GB", 120)}


@pytest.fixture(scope="module")
def generated(module_warehouse: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    for seed, (organization_id, (zone, country, patients)) in enumerate(CLINICS.items(), 21):
        folder = tmp_path_factory.mktemp("clinics") / organization_id
        options = {"out": folder, "seed": seed, "patients": patients, "name": organization_id}
        options |= {"time-zone": zone, "country": country, "as-of": NOW.isoformat()}
        arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        assert clinics_cli(["generate", *arguments]) == 0
        records = tuple(
            (feed.name, row) for feed in FEEDS if feed.is_list for row in _records(folder, feed, country)
        )
        patient_ids = [row["id"] for feed, row in records if feed == "patients"]
        load(module_warehouse, {organization_id: Drawn(NOW, records, _outreach(patient_ids, seed))})
    assert not build(module_warehouse).held_back
    return module_warehouse


def _records(folder: Path, feed: Feed, country: str) -> list[dict[str, Any]]:
    """The rows that ingestion would append."""
    validate = compile_validator(feed, country)
    names = [column.name for column in feed.columns]
    nested = {column.name for column in feed.columns if column.kind in {"json", "phones"}}
    rows = []
    for line in (folder / f"{feed.name}.jsonl").read_bytes().splitlines():
        taken = validate(orjson.loads(line))
        assert isinstance(taken, Row)
        assert not taken.blanked
        row = dict(zip(names, taken.cells, strict=True))
        rows.append(
            {name: orjson.loads(cell) if cell and name in nested else cell for name, cell in row.items()}
            | {"seen_at": LOADED_AT}
        )
    return rows


def _outreach(patient_ids: list[str], seed: int) -> tuple[dict[str, Any], ...]:
    """Campaigns of the last half-year: three attempts at a patient on average."""
    chance = random.Random(seed)
    return tuple(
        {
            "patient_id": chance.choice(patient_ids),
            "method": (method := chance.choice(("sms", "email", "phone"))),
            "outcome": chance.choice(("success", "no_response", "no_response", "failed")),
            "occurred_at": (at := NOW - timedelta(seconds=chance.randrange(180 * 86_400))),
            "opened_at": at + timedelta(hours=2) if method == "email" and chance.random() < 0.5 else None,
        }
        for _ in range(3 * len(patient_ids))
    )


@pytest.mark.parametrize("organization_id", CLINICS)
def test_every_mart_equals_the_reference(generated: Settings, organization_id: str) -> None:
    with Reader(generated) as reader:
        found = reader.compare(organization_id, QUESTIONS)
    assert not found, "\n".join(map(str, found[:5]))
