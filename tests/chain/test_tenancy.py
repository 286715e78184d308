"""A token of one clinic gets nothing of the other: by path, by header, by patient id."""

from datetime import datetime

import httpx
import psycopg
import pytest
from psycopg import sql

from sandbox.clinics.truth import truth_at
from tests.chain.conftest import Chain

PATHS = (
    "/api/v1/admin/active-patients/{org}",
    "/api/v1/admin/active-patients/{org}/summary",
    "/api/v1/reengagement/{org}/risk-metrics",
    "/api/v1/reengagement/{org}/patients/prioritized",
    "/api/v1/reengagement/{org}/dashboard",
    "/api/v1/admin/contacts/{org}/with-appointments",
    "/api/v1/reengagement/{org}/performance",
    "/api/v1/reengagement/{org}/trends",
    "/api/v1/admin/sync/dashboard/{org}",
)


@pytest.mark.parametrize("path", PATHS)
def test_the_path_of_another_clinic_is_forbidden(chain: Chain, path: str) -> None:
    ours, theirs = chain.clinics
    answer = chain.get(theirs, path, token_of=ours)
    assert answer.status_code == 403
    assert theirs.organization_id not in answer.text.replace(path.format(org=theirs.organization_id), "")


@pytest.mark.parametrize("path", PATHS)
def test_the_header_of_another_clinic_is_forbidden(chain: Chain, path: str) -> None:
    ours, theirs = chain.clinics
    answer = httpx.get(
        chain.api_url + path.format(org=ours.organization_id),
        headers={
            "Authorization": f"Bearer {chain.token(ours)}",
            "x-organization-id": theirs.organization_id,
        },
    )
    assert answer.status_code == 403


def test_no_answer_names_a_patient_of_the_other_clinic(chain: Chain, as_of: datetime) -> None:
    ours, theirs = chain.clinics
    foreign = set(truth_at(theirs.folder, as_of).patients) - set(truth_at(ours.folder, as_of).patients)
    assert len(foreign) > 200
    for path in PATHS:
        text = chain.get(ours, path).text
        assert not [patient for patient in foreign if patient in text]
    for patient in sorted(foreign)[:5]:
        found = chain.ask(ours, PATHS[3], search=patient)
        assert found["summary"]["total_matching"] == 0


def test_the_database_itself_shows_the_api_one_clinic_at_a_time(chain: Chain) -> None:
    """The second line: even a query without any filter sees no other organization."""
    ours, _ = chain.clinics
    with psycopg.connect(chain.settings.url("api")) as connection:
        connection.execute(
            sql.SQL("set local app.organization_id = {}").format(sql.Literal(ours.organization_id))
        )
        for relation in ("active_patients", "patient_reengagement_master_view", "dim_patients", "fct_visits"):
            seen = connection.execute(
                sql.SQL("select distinct organization_id from marts.{}").format(sql.Identifier(relation))
            ).fetchall()
            assert seen == [(ours.organization_id,)], relation
