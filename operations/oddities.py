"""What clinics hold that cannot be counted, or not as they mean it: the facts behind `routiq doctor`'s data.

Read from the tables as they are, when somebody asks; nothing is stored, and nothing but ids leaves.
"""

from dataclasses import dataclass, field

import psycopg

from warehouse.settings import Settings

# Feeds whose records belong to a patient, and their ids.
OF_PATIENTS = {
    "individual_appointments": "individual_appointment_id",
    "attendees": "attendee_id",
    "invoices": "invoice_id",
    "communications": "communication_id",
    "patient_cases": "patient_case_id",
    "treatment_notes": "treatment_note_id",
}
OF_NOBODY = """
select organization_id, '{feed} of no patient we know, counted for nobody' as what, '' as remedy, {key} as id
from staging.stg_cliniko__{feed} as records
where not is_purged and not exists (
    select from staging.stg_cliniko__patients as patients
    where patients.organization_id = records.organization_id and patients.patient_id = records.patient_id
)
"""
MERGES_AND_PLACES = """
select
    patients.organization_id,
    'patients merged in a circle, the smallest id stands for all of it' as what,
    'undo one of these merges in Cliniko' as remedy,
    patients.patient_id as id
from staging.stg_cliniko__patients as patients
inner join marts.dim_patients as known
    on known.organization_id = patients.organization_id and known.patient_id = patients.patient_id
where patients.merged_with_patient_id is not null and known.survivor_patient_id = patients.patient_id
union all
select
    organization_id,
    'patients merged into nobody we know, shown nowhere',
    'ask Cliniko whom they became',
    patient_id
from marts.dim_patients as merged
where is_merged and not exists (
    select from marts.dim_patients as survivors
    where survivors.organization_id = merged.organization_id
        and survivors.patient_id = merged.survivor_patient_id and not survivors.is_merged
)
union all
select
    organization_id,
    'businesses in a time zone nobody knows',
    'set their time zone in Cliniko',
    business_id
from staging.stg_cliniko__businesses
where not is_purged and time_zone_identifier not in (select name from pg_timezone_names)
union all
select organization_id, 'appointments without a start, counted nowhere', '', individual_appointment_id
from staging.stg_cliniko__individual_appointments
where not is_purged and starts_at is null
union all
select organization_id, 'attendees of a booking we do not know, counted nowhere', '', attendee_id
from staging.stg_cliniko__attendees as attendees
where not is_purged and not exists (
    select from staging.stg_cliniko__group_appointments as classes
    where classes.organization_id = attendees.organization_id
        and classes.group_appointment_id = attendees.booking_id
) and not exists (
    select from staging.stg_cliniko__individual_appointments as appointments
    where appointments.organization_id = attendees.organization_id
        and appointments.individual_appointment_id = attendees.booking_id
)
"""
HELD_BACK = """
select organization_id, 'rows found by check ' || check_name || ': the last good data stays', failed_rows
from checks.held_back
"""
MEND = "mend them in Cliniko, then sync; their keys are in schema checks"


@dataclass(frozen=True)
class Oddity:
    """`remedy` is empty where nothing need be done."""

    organization_id: str
    what: str
    records: int
    remedy: str = ""
    examples: list[str] = field(default_factory=list)


def find_oddities(settings: Settings) -> list[Oddity] | None:
    """By organization; None before the first build."""
    parts = [MERGES_AND_PLACES, *(OF_NOBODY.format(feed=feed, key=key) for feed, key in OF_PATIENTS.items())]
    query = f"""
        select organization_id, what, count(*), remedy, (array_agg(id order by length(id), id))[1:3]
        from ({" union all ".join(parts)}) as found
        group by organization_id, what, remedy order by organization_id, remedy = '', what
    """
    with psycopg.connect(settings.url("owner"), connect_timeout=3) as connection:
        built = connection.execute("select to_regclass('checks.held_back') is not null").fetchone()
        if built != (True,):
            return None
        found = [Oddity(*row) for row in connection.execute(query)]
        for organization_id, what, rows in connection.execute(HELD_BACK):
            found.append(Oddity(organization_id, what, rows, MEND))
    return found
