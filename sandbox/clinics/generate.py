"""From options to a clinic folder, one patient at a time: nothing large is ever held in memory."""

from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import orjson

from sandbox.clinics.options import ClinicOptions
from sandbox.clinics.people import People
from sandbox.clinics.premises import draw_premises
from sandbox.clinics.records.base import Record
from sandbox.clinics.records.premises import settings_record
from sandbox.clinics.records.whole import authors_of, records_of_clinic, records_of_patient
from sandbox.clinics.roster import draw_roster
from sandbox.clinics.story import CLINIC_FILE, PATIENTS_FILE, Clinic, Patient, line

RESOURCES = (
    "patients",
    "individual_appointments",
    "group_appointments",
    "attendees",
    "appointment_types",
    "practitioners",
    "businesses",
    "invoices",
    "invoice_items",
    "treatment_notes",
    "communications",
    "patient_cases",
    "users",
)


class Folder:
    """The open files of a clinic; counts what is written to each."""

    def __init__(self, folder: Path, files: ExitStack) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CLINIC_FILE).parent.mkdir(exist_ok=True)
        self._files: dict[str, BinaryIO] = {
            name: files.enter_context((folder / f"{name}.jsonl").open("wb")) for name in RESOURCES
        }
        self._patients = files.enter_context((folder / PATIENTS_FILE).open("wb"))
        self.counts: dict[str, int] = dict.fromkeys(RESOURCES, 0)

    def write(self, resource: str, record: Record) -> None:
        self._files[resource].write(line(record))
        self.counts[resource] += 1

    def tell(self, patient: Patient) -> None:
        self._patients.write(line(patient))


def generate(options: ClinicOptions, folder: Path) -> dict[str, int]:
    """Writes the clinic and its story; returns the number of records of each resource."""
    clinic = draw_premises(options)
    authors = authors_of(clinic)
    roster = draw_roster(options)
    people = People(options, clinic, roster)
    seats: dict[str, list[str]] = defaultdict(list)
    with ExitStack() as files:
        out = Folder(folder, files)
        for slot in roster:
            patient = people.draw(slot)
            out.tell(patient)
            for resource, record in records_of_patient(clinic, patient, authors):
                out.write(resource, record)
            seat(patient, seats)
        for resource, record in records_of_clinic(clinic, seats):
            out.write(resource, record)
    _write_frame(folder, options, clinic)
    return out.counts


def seat(patient: Patient, seats: dict[str, list[str]]) -> None:
    """A class lists its patients; those who cancelled are no longer among them."""
    for visit in patient.visits:
        if visit.class_id is not None and visit.cancelled_at is None and visit.removed_at is None:
            seats[visit.class_id].append(patient.id)


def _write_frame(folder: Path, options: ClinicOptions, clinic: Clinic) -> None:
    """What is no list: settings, clinic.toml, the clinic's part of the story."""
    (folder / "settings.json").write_bytes(orjson.dumps(settings_record(clinic), option=orjson.OPT_INDENT_2))
    (folder / CLINIC_FILE).write_bytes(line(clinic))
    told = {
        "name": options.name,
        "api_key": options.key,
        "time_zone": options.time_zone,
        "country": options.country,
    }
    rows = [f"{key} = {orjson.dumps(value).decode()}" for key, value in told.items()]
    if options.forbidden:
        rows.append(f"forbidden = {orjson.dumps(list(options.forbidden)).decode()}")
    (folder / "clinic.toml").write_text("\n".join(rows) + "\n", encoding="utf-8")
