"""One organization whose every record tells which generation of it is seen."""

from tests.dbt_project.clinic import NOON, Clinic, days, phone
from warehouse.settings import Settings

FIRST = "org_first"


def draw(settings: Settings, generation: int) -> None:
    """Every record of every feed, each telling its generation."""
    mark, ago = str(generation), days(generation)
    clinic = Clinic(settings, FIRST)
    clinic.add("settings", id="9", currency_symbol=mark)
    clinic.add("businesses", id="1", display_name=mark, time_zone_identifier="Australia/Brisbane")
    clinic.add("practitioners", id="71", display_name=mark)
    clinic.add("appointment_types", id="81", name=mark)
    clinic.patient("11", first_name=mark, patient_phone_numbers=[phone("1", e164=f"+6149157000{mark}")])
    clinic.visit("111", "11", NOON - days(3) - ago)
    clinic.add("group_appointments", id="200", starts_at=NOON - days(4) - ago)
    clinic.seat("300", "11", "200")
    clinic.add("invoices", id="400", patient_id="11", total_amount=generation)
    clinic.add("communications", id="500", patient_id="11", direction_code=2, type_code=generation)
    clinic.add("patient_cases", id="600", patient_id="11", closed_at=NOON - ago)
    content = {"sections": [{"name": "Notes", "questions": [{"name": "Plan", "answer": mark}]}]}
    clinic.add("treatment_notes", id="700", patient_id="11", title=mark, content=content, draft=False)
    clinic.accept()
