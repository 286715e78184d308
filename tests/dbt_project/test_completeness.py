"""Nothing of the project is undocumented, unkeyed or untested; and each rule notices when something is."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestration.dbt.build import dbt_home
from tests.dbt_project import completeness as rules
from tests.dbt_project.completeness import RULES, Manifest, Rule
from warehouse.settings import Settings

VISITS, MASTER = "model.routiq.fct_visits", "model.routiq.patient_reengagement_master_view"
PATIENTS = "source.routiq.cliniko.patients"


@pytest.fixture(scope="module")
def manifest(built: Settings) -> Manifest:
    content: Manifest = json.loads((dbt_home(built) / "target" / "manifest.json").read_text())
    return content


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_is_complete(manifest: Manifest, rule: Rule) -> None:
    assert list(rule(manifest)) == []


def node(manifest: Manifest, name: str = VISITS) -> dict[str, Any]:
    found: dict[str, Any] = manifest["nodes"][name]
    return found


def _forget_unit_tests_of_the_master_view(manifest: Manifest) -> None:
    for test in manifest["unit_tests"].values():
        test["model"] = test["model"].replace("patient_reengagement_master_view", "dim_patients")


def _forget_the_longest_list(manifest: Manifest) -> None:
    model = node(manifest, "model.routiq.patient_recent_appointments")
    model["raw_code"] = model["raw_code"].replace("recent_appointments_at_most", "")


def _write_out_the_tenant(manifest: Manifest) -> None:
    for name in ("dim_patients", "fct_visits", "fct_invoices"):
        node(manifest, f"model.routiq.{name}")["columns"]["organization_id"]["doc_blocks"] = []


DAMAGE: dict[Rule, tuple[Callable[[Manifest], object], str]] = {
    rules.models_without_twin: (lambda m: node(m).update(patch_path=None), "fct_visits"),
    rules.models_without_description: (lambda m: node(m).update(description=" "), "fct_visits"),
    rules.marts_without_grain: (lambda m: node(m).update(description="All visits."), "fct_visits"),
    rules.marts_without_contract: (
        lambda m: node(m)["config"]["contract"].update(enforced=False),
        "fct_visits",
    ),
    rules.columns_without_description: (
        lambda m: node(m, MASTER)["columns"]["risk_score"].update(description=""),
        "patient_reengagement_master_view.risk_score",
    ),
    rules.sentences_written_often: (_write_out_the_tenant, "Tenant; first part of every key."),
    rules.tables_without_key: (lambda m: node(m).update(constraints=[]), "fct_visits"),
    rules.sources_without_freshness: (
        lambda m: m["sources"][PATIENTS].update(freshness=None),
        "cliniko.patients",
    ),
    rules.unit_tests_without_description: (
        lambda m: m["unit_tests"]["unit_test.routiq.visits_as_of.status_of_a_visit"].update(description=None),
        "status_of_a_visit",
    ),
    rules.marts_with_a_threshold_and_no_unit_test: (
        _forget_unit_tests_of_the_master_view,
        "patient_reengagement_master_view",
    ),
    rules.unused_vars: (_forget_the_longest_list, "recent_appointments_at_most"),
}


def test_every_rule_is_seen_to_fail() -> None:
    assert set(DAMAGE) == set(RULES)


@pytest.mark.parametrize("rule", DAMAGE, ids=lambda rule: rule.__name__)
def test_a_gap_is_found(manifest: Manifest, rule: Rule) -> None:
    damaged = copy.deepcopy(manifest)
    damage, name = DAMAGE[rule]
    damage(damaged)
    assert list(rule(damaged)) == [name]
