"""The hand-made relations of these tests have the columns of the dbt contract, and no others."""

from pathlib import Path
from typing import Any, LiteralString

import pytest
import yaml  # type: ignore[import-untyped]

from tests.serving import marts

MODELS = Path(__file__).parents[2] / "dbt_project" / "models" / "marts"


def contract(model: str) -> dict[str, str]:
    """Column -> type, as the model's twin says."""
    document: dict[str, Any] = yaml.safe_load((MODELS / f"{model}.yml").read_text())
    (described,) = [found for found in document["models"] if found["name"] == model]
    return {column["name"]: column["data_type"] for column in described["columns"]}


@pytest.mark.parametrize("table", ["active_patients", "patient_reengagement_master_view"])
def test_the_hand_made_relation_is_the_contract(table: LiteralString) -> None:
    assert contract(table) == {**marts.RELATIONS[table]}


def test_the_hand_made_patients_are_part_of_the_contract() -> None:
    assert marts.RELATIONS["dim_patients"].items() <= contract("dim_patients").items()
