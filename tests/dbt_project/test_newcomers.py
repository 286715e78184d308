"""The first load of a clinic among others: the planner knows it before anything is computed from it."""

import psycopg
import pytest
from psycopg import sql

from orchestration.dbt.build import build
from tests.dbt_project.clinic import NOON, Clinic, days
from warehouse.settings import Settings

PATIENTS = 1_100


def clinic_of(settings: Settings, organization_id: str, patients: int) -> None:
    clinic = Clinic(settings, organization_id).create()
    for number in range(patients):
        clinic.patient(f"{number}")
        clinic.visit(f"{number}", f"{number}", NOON - days(number))
    clinic.accept()


@pytest.fixture(scope="module")
def newcomer(module_warehouse: Settings) -> Settings:
    """Known to the statistics is an old clinic; another has just come."""
    clinic_of(module_warehouse, "org_old", 100)
    assert build(module_warehouse).published == ["org_old"]
    with psycopg.connect(module_warehouse.url("owner")) as connection:
        connection.execute("analyze")
    clinic_of(module_warehouse, "org_new", PATIENTS)
    assert build(module_warehouse).published == ["org_new"]
    return module_warehouse


@pytest.mark.parametrize("staging", ["stg_cliniko__patients", "stg_cliniko__individual_appointments"])
def test_statistics_know_a_newcomer(newcomer: Settings, staging: str) -> None:
    """Else its rows are taken for one, and its patients are compared each with each: minutes for 62,000."""
    question = sql.SQL("explain (format json) select from staging.{} where organization_id = 'org_new'")
    with psycopg.connect(newcomer.url("owner")) as connection:
        row = connection.execute(question.format(sql.Identifier(staging))).fetchone()
    assert row is not None
    assert row[0][0]["Plan"]["Plan Rows"] == pytest.approx(PATIENTS, rel=0.5)
