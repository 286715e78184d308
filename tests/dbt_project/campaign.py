"""A small clinic for what is read beside the master view: bookings that outreach may have led to, and notes.

Who is whom: 1 booked an hour ago; 2 was merged into 3; 4's booking was deleted, 5's cancelled; 6 has notes;
7 sat in a class. Of 99 there is nothing but an invoice.
"""

from datetime import timedelta
from typing import Any

from tests.dbt_project.clinic import NOON, Clinic, days

HOUR = timedelta(hours=1)
CONTENT: dict[str, Any] = {
    "sections": [
        {
            "name": "Subjective",
            "questions": [
                {"name": "Not asked", "type": "text", "answer": ""},
                {"name": "Pain", "type": "text", "answer": "5 < 6 & <calm>"},
                {
                    "name": "Plan",
                    "type": "paragraph",
                    "answer": "<p>Review in <b>2 weeks</b></p><p>R&amp;D &lt;3</p>",
                },
                {
                    "name": "Side",
                    "type": "checkboxes",
                    "answers": [
                        {"value": "Left", "selected": True},
                        {"value": "Right", "selected": False},
                        {"value": "Middle"},
                    ],
                    "other": {"value": "Both, rather", "selected": True},
                },
            ],
        },
        {"name": "Empty", "questions": []},
        {"name": None, "questions": [{"name": "", "type": "date", "answer": "2026-02-03"}]},
    ]
}
TEXT = """Subjective
Pain: 5 < 6 & <calm>
Plan: Review in 2 weeks
R&D <3
Side: Left, Both, rather
2026-02-03"""


def draw_campaign(clinic: Clinic) -> None:
    for patient in map(str, range(1, 9)):
        clinic.patient(patient)
    clinic.patient("2", merged_with_patient_id="3", merged_at=NOON - days(1))
    ahead = NOON + days(20)
    clinic.visit("10", "1", ahead, created_at=NOON - HOUR)
    clinic.visit("30", "3", ahead, created_at=NOON - days(4))
    clinic.visit("40", "4", ahead, created_at=NOON - days(4), deleted_at=NOON - days(1))
    clinic.visit("50", "5", ahead, created_at=NOON - days(4), cancelled_at=NOON - days(1))
    clinic.visit("80", "8", ahead, created_at=NOON - days(1))
    clinic.add("group_appointments", id="70", starts_at=NOON - days(30))
    clinic.seat("71", "7", "70")
    clinic.add("invoices", id="990", patient_id="99", total_amount="10.00")
    _draw_notes(clinic)


def _draw_notes(clinic: Clinic) -> None:
    clinic.note("60", "6", CONTENT, created_at=NOON - days(9), title="First", practitioner_id="71")
    clinic.note("61", "6", CONTENT, created_at=NOON - days(5))
    clinic.note("62", "6", draft=True, created_at=NOON - days(1))
    clinic.note("63", "6", archived_at=NOON - days(3), created_at=NOON - days(4))
    clinic.note("64", "6", ["no", "note"], created_at=NOON + days(1))
    clinic.note("65", None, CONTENT)
    clinic.note("66", "7", {"sections": "none"}, deleted_at=NOON + days(1), created_at=NOON - days(2))
