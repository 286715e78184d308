"""The first document is a test: one clinic answers with its samples, all at once.

Its instants have no zone and are UTC; ours say so with a Z. What of a sample is not reached is named in the
test, with the reason.
"""

from typing import Any

import psycopg
import pytest

from tests.documents import active_clinic
from tests.documents.conftest import OPERATOR, Front
from tests.documents.samples import active_patients, known_only

# Made up for the sample: ours are made of a hash of the patient, and numbers that nobody has are not printed.
MADE_UP = {"id", "contact_id", "contact_phone", "phone"}


def in_utc(documented: Any) -> Any:
    """The sample with its instants as RFC 3339."""
    if isinstance(documented, dict):
        return {name: in_utc(value) for name, value in documented.items()}
    if isinstance(documented, str) and documented[10:11] == "T":
        return f"{documented[:19]}Z"
    return documented


def without(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def test_schedule(active: Front) -> None:
    documented = in_utc(active_patients("sync/schedule/{organization_id}"))
    body = active.admin("sync/schedule/{org}", "POST", role="admin")
    assert known_only(body, documented) == documented
    again = active.admin("sync/schedule/{org}", "POST", role="admin")
    assert (again["sync_scheduled"], again["sync_id"]) == (False, body["sync_id"])


@pytest.mark.parametrize(
    ("path", "name", "key", "value"),
    [
        ("active-patients/{organization_id}", "active_patients", "contact_name", "John Smith"),
        ("contacts/{organization_id}/with-appointments", "contacts_with_appointments", "name", "Jane Doe"),
    ],
)
def test_lists(active: Front, path: str, name: str, key: str, value: str) -> None:
    documented = in_utc(active_patients(path))
    [sample] = documented[name]
    body = active.admin(path.replace("{organization_id}", "{org}"))
    assert body["organization_id"] == documented["organization_id"]
    assert body["total_count"] == documented["total_count"] == len(body[name])
    [row] = [row for row in body[name] if row[key] == value]
    hidden = MADE_UP | {"recent_appointments"}
    assert without(known_only(row, in_utc(sample)), hidden) == without(in_utc(sample), hidden)
    assert len(row["recent_appointments"]) == row["recent_appointment_count"]
    assert row["recent_appointments"][0]["date"] == row["last_appointment_date"]
    assert row.keys() == sample.keys()


def test_summary(active: Front) -> None:
    documented = in_utc(active_patients("active-patients/{organization_id}/summary"))
    assert known_only(active.admin("active-patients/{org}/summary"), documented) == documented


def test_sync_dashboard(active: Front) -> None:
    documented = in_utc(active_patients("sync/dashboard/{organization_id}"))
    assert known_only(active.admin("sync/dashboard/{org}"), documented) == documented


def test_system_health(active: Front) -> None:
    documented = active_patients("monitoring/system-health")
    assert known_only(active.admin("monitoring/system-health", subject=OPERATOR), documented) == documented
    own = active.admin("monitoring/system-health")
    assert own["overall_metrics"] == documented["overall_metrics"] | {"total_organizations": 1}


def test_the_success_metrics(active: Front) -> None:
    """632 patients, 47 of them active, 99.1 % - of contacts linked: a share of phones is defined nowhere."""
    dashboard = active.admin("sync/dashboard/{org}")
    assert dashboard["contact_metrics"]["link_percentage"] == 99.1
    with psycopg.connect(active.settings.url("owner")) as connection:
        never_came = connection.execute(
            "select count(*) from marts.dim_patients as patients where not is_purged and not exists ("
            " select from marts.fct_visits as visits where visits.organization_id = patients.organization_id"
            " and visits.patient_id = patients.patient_id) and organization_id = %s",
            [active_clinic.ORGANIZATION],
        ).fetchone()
    assert never_came == (579,)


def test_what_the_front_end_reads(active: Front) -> None:
    """The snippets of the document, in Python: `data.active_patients`, and the dashboard as it is."""
    assert len(active.admin("active-patients/{org}")["active_patients"]) == 47
    assert active.admin("sync/dashboard/{org}")["health_indicators"]["recent_sync"] is True
