"""A living clinic: time brings ticks, chance brings the rest, and nothing happens before its time."""

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.clinics.desk import Batch
from sandbox.clinics.live import Life, live
from sandbox.clinics.story import Story, load_story
from tests.sandbox.clinics.conftest import AS_OF

START = datetime.fromtimestamp(AS_OF, UTC)


@pytest.fixture
def story(generated: Path) -> Story:
    return load_story(generated)


def test_nothing_happens_without_time(story: Story) -> None:
    assert Life(story, START, speed=1_000).advance(START) == {}


def test_a_week_brings_everything(story: Story) -> None:
    life = Life(story, START)
    appointments: list[dict[str, object]] = []
    resources: Counter[str] = Counter()
    for hour in range(1, 7 * 24):
        batch = life.advance(START + timedelta(hours=hour))
        resources.update({resource: len(records) for resource, records in batch.items()})
        appointments += batch.get("individual_appointments", [])
    assert {"patients", "individual_appointments", "attendees", "communications"} <= set(resources)
    assert 60 < sum(resources.values()) < 600
    assert any(row["patient_arrived"] for row in appointments)
    assert any(row["did_not_arrive"] for row in appointments)
    assert any(row["cancelled_at"] for row in appointments)


def test_arrivals_are_ticked_when_the_visit_is_over(story: Story) -> None:
    life = Life(story, START)
    for hour in range(1, 100):
        now = START + timedelta(hours=hour)
        for row in life.advance(now).get("individual_appointments", []):
            if row["patient_arrived"] or row["did_not_arrive"]:
                assert row["ends_at"] <= now.isoformat().replace("+00:00", "Z")


def test_speed_makes_more_happen(generated: Path) -> None:
    def happened(speed: float) -> int:
        life = Life(load_story(generated), START, speed=speed)
        return sum(len(records) for records in life.advance(START + timedelta(hours=2)).values())

    assert happened(100) > 10 * max(1, happened(1))


def test_a_batch_shows_each_record_once(story: Story) -> None:
    batch = Life(story, START, speed=500).advance(START + timedelta(hours=3))
    for records in batch.values():
        ids = [record["id"] for record in records]
        assert len(ids) == len(set(ids))


def test_the_iterator_asks_the_clock(generated: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(generated, tmp_path / "clinic"))
    hours = iter(range(1_000))
    batches = live(folder, clock=lambda: START + timedelta(hours=next(hours)))
    seen: list[Batch] = [next(batches) for _ in range(30)]
    assert any(seen)
