"""The hand-made relations of these tests have the columns of the dbt contract, and no others."""

from pathlib import Path
from typing import Any, LiteralString

import pytest
import yaml  # type: ignore[import-untyped]

from tests.serving import marts

MODELS = Path(__file__).parents[3] / "dbt_project" / "models" / "marts"


def contract(model: str) -> dict[str, str]:
    """Column -> type, as the model's twin says."""
    (twin,) = MODELS.rglob(f"{model}.yml")
    document: dict[str, Any] = yaml.safe_load(twin.read_text())
    (described,) = [found for found in document["models"] if found["name"] == model]
    return {column["name"]: column["data_type"] for column in described["columns"]}


WHOLE = (
    *("active_patients", "contacts_with_appointments", "patient_reengagement_master_view"),
    *("reengagement_performance_view", "reengagement_trends", "patient_recent_appointments"),
    *("channel_daily", "channel_trends", "failed_outreach"),
)
IN_PART = (
    "dim_patients",
    "fct_visits",
    "dim_appointment_types",
    "dim_practitioners",
    "visits_as_of",
    "fct_treatment_notes",
)


@pytest.mark.parametrize("table", WHOLE)
def test_the_hand_made_relation_is_the_contract(table: LiteralString) -> None:
    assert contract(table) == {**marts.RELATIONS[table]}


@pytest.mark.parametrize("table", IN_PART)
def test_the_hand_made_relation_is_part_of_the_contract(table: LiteralString) -> None:
    assert marts.RELATIONS[table].items() <= contract(table).items()


def test_every_hand_made_relation_is_held_to_its_contract() -> None:
    assert {*WHOLE, *IN_PART} == marts.RELATIONS.keys()
