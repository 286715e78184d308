"""The clinic of the first document: 632 contacts, 626 still in Cliniko, 47 in care, 579 who never came.

It is 13:10 UTC on 9 June 2025, when the document's sync was asked for; the last one ended at 13:00.
"""

from datetime import UTC, datetime, timedelta

import psycopg

from tests.dbt_project.clinic import Clinic
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings

ORGANIZATION, OTHER = "org_2xwHiNrj68eaRUlX10anlXGvzX7", "org_2xwHiNrj68eaRUlX10anlXGvzX8"
AS_OF = datetime(2025, 6, 9, 13, 10, 48, 82909, tzinfo=UTC)
SYNCED_AT = datetime(2025, 6, 9, 13, tzinfo=UTC)
JOHN_CAME, JANE_CAME = datetime(2025, 6, 5, 10, 30, tzinfo=UTC), datetime(2025, 6, 1, 14, tzinfo=UTC)
LATEST = datetime(2025, 6, 8, 15, 30, tzinfo=UTC)
LONG_AGO = datetime(2024, 1, 8, 9, tzinfo=UTC)


def tell(settings: Settings) -> None:
    clinic = create(settings, ORGANIZATION)
    tell_active(clinic)
    for number in range(579):  # thirty of them archived since: Cliniko holds them all the same
        archived_at = LONG_AGO + timedelta(days=400) if number < 30 else None
        clinic.patient(str(60_000 + number), created_at=LONG_AGO, archived_at=archived_at)
    for number in range(6):
        clinic.patient(str(70_000 + number), created_at=LONG_AGO)
        clinic.purge("patients", str(70_000 + number))
    clinic.accept()
    create(settings, OTHER).accept()
    run_earlier(settings)


def create(settings: Settings, organization_id: str) -> Clinic:
    clinic = Clinic(settings, organization_id, "Australia/Sydney", SYNCED_AT).create()
    url = "https://api.au2.cliniko.com/v1"
    add_organization(settings, organization_id, organization_id, url, Secret("MS-sample-au2"))
    return clinic


def tell_active(clinic: Clinic) -> None:
    """John with 3 recent of 15 and one ahead, Jane with 2 of 8; then 45 others.

    Recently they came 3 + 2 + 19 x 3 + 26 x 2 = 114 times, 2.4 on average; in all 15 + 8 + 26 x 9 + 19 x 8
    = 409, 8.7 on average. John and eleven others have one ahead.
    """
    person(clinic, "12344", "John Smith", JOHN_CAME, recent=3, total=15, ahead=1, created_at=SYNCED_AT)
    person(clinic, "12345", "Jane Doe", JANE_CAME, recent=2, total=8, ahead=0)
    for number in range(45):
        person(
            clinic,
            str(50_000 + number),
            f"Pat Regular{number}",
            LATEST - timedelta(hours=number),
            recent=3 if number < 19 else 2,
            total=9 if number < 26 else 8,
            ahead=1 if number < 11 else 0,
        )


def person(
    clinic: Clinic,
    patient_id: str,
    name: str,
    last: datetime,
    *,
    recent: int,
    total: int,
    ahead: int,
    created_at: datetime = LONG_AGO,
) -> None:
    """Came every week of late, before that from half a year ago; `ahead` visits are to come."""
    first_name, last_name = name.split()
    clinic.patient(
        patient_id,
        first_name=first_name,
        last_name=last_name,
        email=f"{first_name}@example.com".lower(),
        created_at=created_at,
        updated_at=SYNCED_AT,
    )
    starts = [last - timedelta(weeks=week) for week in range(recent)]
    starts += [last - timedelta(weeks=26 + week) for week in range(total - recent - ahead)]
    starts += [last + timedelta(weeks=2)] * ahead
    for number, start in enumerate(starts):
        clinic.visit(f"{patient_id}{number:02}", patient_id, start, created_at=start - timedelta(weeks=3))


def run_earlier(settings: Settings) -> None:
    """Three more of the five syncs of the last 24 hours; each load has brought one."""
    with psycopg.connect(settings.url("owner")) as connection:
        for hours in (1, 2, 3):
            connection.execute(
                "insert into app.sync_runs (organization_id, status, requested_by, finished_at)"
                " values (%s, 'succeeded', 'test', %s)",
                [ORGANIZATION, SYNCED_AT - timedelta(hours=hours)],
            )
