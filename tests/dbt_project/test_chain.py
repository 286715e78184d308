"""Raw rows of two clinics become what each one's readers see, and nobody else's."""

from orchestration.build import build
from tests.dbt_project.clinic import NOON, Clinic, as_api, days
from warehouse.settings import Settings


def test_two_clinics_at_once(module_warehouse: Settings) -> None:
    first = Clinic(module_warehouse, "org_first").create()
    second = Clinic(module_warehouse, "org_second").create()
    for clinic in (first, second):
        clinic.patient("9007199254740993001")
        clinic.visit("11", "9007199254740993001", NOON - days(47))
        clinic.accept()
    result = build(module_warehouse)
    assert result.published == ["org_first", "org_second"]
    row = first.master()["9007199254740993001"]
    assert (row["days_since_last_contact"], row["risk_level"], row["risk_score"]) == (47, "critical", 81)
    with as_api(module_warehouse, None) as nobody:
        assert nobody.execute("select * from marts.patient_reengagement_master_view").fetchall() == []


def test_nothing_new_writes_nothing(module_warehouse: Settings) -> None:
    result = build(module_warehouse)
    assert (result.published, result.rows_written) == ([], 0)
