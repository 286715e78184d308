"""The whole API against its own description, by schemathesis with all its checks: over a real server, and
within this process for callers without data or without the right. Every answer must be one that is described.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import SecretStr
from schemathesis.checks import not_a_server_error, positive_data_acceptance
from schemathesis.core.result import Ok

from sandbox.clerk.directory import Member, Organization
from serving.app import ROUTERS, create_app
from serving.openapi.document import describe
from tests.serving import marts
from tests.serving.conftest import CLERK_KEY, Api, Clerk, run_api, settings_for
from warehouse.settings import Settings

# What a schema cannot say: whose token it is; that a cursor must be one we gave, and an instant no older than
# two years. A link between operations puts a good value where a bad one was drawn, and calls that still a bad
# one; it has no negative data.
CONFIGURATION = """
[parameters]
"path.organization_id" = "org_a"
"path.org_id" = "org_a"
"header.x-organization-id" = "org_a"

[checks]
enabled = true
max_response_time = 20

[phases.examples]
fill-missing = true

[phases.stateful.checks]
negative_data_rejection.enabled = false

[[operations]]
include-operation-id = [
    "listActivePatients", "listContactsWithAppointments", "listPrioritizedPatients", "logOutreach",
]
checks.positive_data_acceptance.expected-statuses = ["2xx", "304", "401", "403", "404", "409", "422"]
"""
SAID_BY_STATUSES = [positive_data_acceptance, not_a_server_error]
QUIET = settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def api(clinics: Settings, clerk: Clerk) -> Iterator[Api]:
    """With the patient of the documents' sample, and a Clerk that knows the organization."""
    with psycopg.connect(clinics.url("owner")) as connection:
        sample = [marts.patient_row("org_a", "1716214309854123456")]
        marts.insert(connection, "marts.dim_patients", sample)
    clerk.backend.directory.put(Organization(id="org_a", name="A", members=[Member(user_id="user_1")]))
    values = {"clerk_api_url": f"{clerk.url}/v1", "clerk_secret_key": SecretStr(CLERK_KEY)}
    with run_api(settings_for(clinics, clerk, **values), clerk) as api:
        yield api
    clerk.backend.directory.organizations.clear()


def test_a_server_answers_nothing_but_what_is_described(api: Api, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    token = api.clerk.token("org_a", role="admin", lifetime_seconds=1200)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml"),
        *("run", f"{api.client.base_url}/openapi.json", "--header", f"Authorization: Bearer {token}"),
        *("--max-examples", "10", "--continue-on-failure", "--no-color"),
        *("--generation-database", "none", "--seed", "1"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    tested = re.search(r"Tested: (\d+)", done.stdout)
    passed = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert tested is not None
    assert int(tested.group(1)) == sum(len(path) for path in describe(ROUTERS)["paths"].values())
    assert passed is not None
    assert int(passed.group(1)) > 500


@pytest.fixture
def within(clinics: Settings, clerk: Clerk) -> schemathesis.BaseSchema:
    """An application of the test's own: schemathesis stops it when the test ends."""
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(settings_for(clinics, clerk)))


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")  # their own strategies
@pytest.mark.parametrize(
    ("organization_id", "role", "statuses"),
    [
        ("org_empty", "admin", {200, 304, 403, 404, 422, 503}),  # its data was never loaded
        ("org_off", "member", {200, 403, 422}),  # switched off
        ("org_gone", "member", {200, 403, 404, 422}),  # unknown
        ("org_b", "member", {200, 201, 304, 403, 404, 422}),
        (None, "member", {200, 403}),  # a token without an organization
    ],
)
def test_other_callers_are_answered_as_described(
    within: schemathesis.BaseSchema,
    clerk: Clerk,
    organization_id: str | None,
    role: str,
    statuses: set[int],
) -> None:
    headers = clerk.bearer(organization_id, role=role, lifetime_seconds=1200)
    seen: set[int] = set()
    for operation in [found.ok() for found in within.get_all_operations() if isinstance(found, Ok)]:

        @QUIET
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case[Any]) -> None:
            for name in {"org_id", "organization_id"} & case.path_parameters.keys():
                case.path_parameters[name] = organization_id or "org_a"
            case.headers.pop("x-organization-id", None)
            answer = case.call_and_validate(headers=headers, excluded_checks=SAID_BY_STATUSES)
            seen.add(answer.status_code)

        ask()
    assert 200 in seen  # /live and /ready, at least
    assert seen <= statuses, "beside being described, the status must be one of this caller's"
