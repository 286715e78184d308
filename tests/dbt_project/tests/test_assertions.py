"""The singular tests notice what they are named for: each is asked again after its subject was broken."""

import re

import psycopg
import pytest

from orchestration.dbt.build import dbt_home
from tests.dbt_project.clinic import Clinic
from warehouse.settings import Settings

VISITS = "assert_no_visit_is_lost_between_staging_and_mart"
SURVIVORS = "assert_facts_belong_to_survivors"


def assertion(settings: Settings, name: str) -> str:
    """What dbt ran, without the name of the database, which is another's if another was built since."""
    compiled = (dbt_home(settings) / "target" / "compiled" / "routiq" / "tests" / f"{name}.sql").read_text()
    return re.sub(r'"\w+"\.("\w+"\."\w+")', r"\1", compiled)


BROKEN = {
    "a visit lost": (VISITS, "delete from candidates.fct_visits where visit_id = '10'", ("individual", "10")),
    "a visit another clinic's": (
        VISITS,
        "update candidates.fct_visits set organization_id = 'org_other' where visit_id = '30'",
        ("individual", "30"),
    ),
    "a seat lost": (
        VISITS,
        "delete from candidates.fct_visits where visit_kind = 'group' and organization_id = 'org_campaign'",
        ("group", "71"),
    ),
    "a visit of a merged record": (
        SURVIVORS,
        "update candidates.fct_visits set patient_id = '2' where visit_id = '30'",
        ("2", "fct_visits"),
    ),
    "a note of a merged record": (
        SURVIVORS,
        "update candidates.fct_treatment_notes set patient_id = '2' where treatment_note_id = '60'",
        ("2", "fct_treatment_notes"),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found(built: Settings, name: str) -> None:
    check, damage, found = BROKEN[name]
    query = assertion(built, check)
    with psycopg.connect(built.url("owner")) as connection:
        assert connection.execute(query).fetchall() == []
        connection.execute(damage)
        assert connection.execute(query).fetchall() == [("org_campaign", *found)]
        connection.rollback()


def test_an_invoice_of_an_unknown_patient_is_told_and_holds_nothing_back(
    built: Settings, campaign: Clinic
) -> None:
    with psycopg.connect(built.url("owner")) as connection:
        rows = connection.execute("table checks.assert_invoices_belong_to_known_patients").fetchall()
    assert rows == [("org_campaign", "990")]
    assert campaign.ask("select invoice_id from marts.fct_invoices") == [{"invoice_id": "990"}]
