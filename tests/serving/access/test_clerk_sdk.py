"""Clerk's official verifier beside ours, over the same tokens: where they differ, it is listed and said why.

Runs the locked package itself, installed into a folder of the test's own; its key is the sandbox's, and it
asks nobody.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.clerk.issuer import TokenOrder
from tests.serving.access.forgeries import REFUSED, TAKEN, WITHOUT_RIGHT, Forgery, Headers, bearer, public_pem
from tests.serving.conftest import PARTY, Api, Clerk
from tests.serving.routes import RISK

SDK = Path(__file__).parent / "clerk_sdk"


def as_the_sandbox_makes_it(**order: object) -> Forgery:
    return lambda clerk: bearer(clerk.issuer.token(TokenOrder.model_validate(order)))


# As Clerk makes them in its different settings; the rest are the tables of `forgeries.py`.
GENUINE: dict[str, Forgery] = {
    "sandbox, version 1": as_the_sandbox_makes_it(organization_id="org_a", version=1),
    "sandbox, version 2": as_the_sandbox_makes_it(organization_id="org_a", version=2),
    "sandbox, another time": as_the_sandbox_makes_it(organization_id="org_a"),
    "sandbox, no organization": as_the_sandbox_makes_it(),
    "sandbox, no cat": as_the_sandbox_makes_it(organization_id="org_a", header={"cat": None}),
    "sandbox, cat of any class": as_the_sandbox_makes_it(
        organization_id="org_a", header={"cat": "cl_I7d4PD111III"}
    ),
    "sandbox, a role of its own": as_the_sandbox_makes_it(organization_id="org_a", role="receptionist"),
}
# What these say changes while the two are asked.
OF_THE_MOMENT = {
    *("exp a fraction", "nbf a fraction", "iat a fraction", "exp before iat", "nbf after exp"),
    *("expired within the skew", "issued within the skew"),
}
CASES = {
    name: make
    for name, make in (REFUSED | WITHOUT_RIGHT | TAKEN | GENUINE).items()
    if name not in OF_THE_MOMENT
}

THEY_TAKE_WE_REFUSE: dict[str, set[str]] = {
    "a token is one header of one scheme, in one spelling": {
        *("no scheme", "two tokens", "padded", "too long"),
        *("header with alg twice", "payload with sub twice", "number of 5000 digits"),
    },
    "the key is the one that the token names: an instance may have several": {
        f"kid {what}" for what in ("missing", "empty", "unknown", "a number", "a path", "SQL", "very long")
    },
    "RFC 7515: what `crit` names must be understood, and nothing of it is": {
        *("crit", "crit empty", "crit null", "crit of what Clerk adds", "b64 false"),
    },
    "where `cat` tells nothing, a token that names no session is of a template": {
        *("cat that tells nothing, no session", "cat that tells nothing, session null"),
    },
    "an instance's tokens are its own: theirs looks at no issuer": {
        *("iss missing", "iss null", "iss a list", "another issuer", "issuer empty"),
        *("issuer with two slashes", "issuer with a path"),
    },
    "a session token has these, and lives for a minute": {
        *("nbf missing", "iat missing", "sid a list", "exp of 2**64", "longer than an hour"),
    },
    "a subject goes into the audit, an organization into the isolation: each of its form alone": {
        *("sub with a line end", "sub with a NUL", "sub with a lone surrogate"),
        *("o a string", "o a list", "o without id", "o without role", "o.id a number", "o.id SQL"),
        *("o.id with a line end", "o.id empty", "o.rol with prefix", "o.rol a list"),
        *("version 1, role without prefix", "version 1, role a list", "version 1, org_id a list"),
    },
    "one version of claims, never two organizations in one token": {
        *("version 1 said", "version 3", "version in a string", "version a fraction", "version null"),
        *("version 2 with org_id", "version 2 with org_role", "version 1 with o", "version 1 with fea"),
    },
    "a status that we do not know may mean anything": {"status unknown", "status a list"},
    "it was made for another service": {"for another service"},
    "the audit could not say who looked": {"impersonated"},
}
WE_TAKE_THEY_REFUSE = {
    "RFC 9110: schemes have no case": {"scheme in lower case"},
    "one slash tells nothing": {"party with a slash"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("clerk_sdk") / "sdk"
    shutil.copytree(SDK, copy, ignore=shutil.ignore_patterns("node_modules"))
    run(copy, "npm", "ci", "--ignore-scripts", "--prefer-offline")
    return copy


def run(folder: Path, *command: str, told: str = "") -> str:
    done = subprocess.run(
        command, cwd=folder, input=told, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def taken_by_theirs(folder: Path, clerk: Clerk, requests: dict[str, Headers]) -> set[str]:
    asked = {"key": public_pem(clerk).decode(), "parties": [PARTY], "requests": requests}
    refusals = json.loads(run(folder, "node", "verify.mjs", told=json.dumps(asked)))
    assert refusals.keys() == requests.keys()
    return {name for name, reason in refusals.items() if reason is None}


def taken_by_ours(api: Api, requests: dict[str, Headers]) -> set[str]:
    """Known as whoever they are, whatever right they have here."""
    answers = {
        name: api.client.get(RISK.format("org_a"), headers=headers) for name, headers in requests.items()
    }
    return {name for name, answer in answers.items() if answer.status_code in {200, 403}}


def test_what_differs_is_listed_with_its_reason(clinic_api: Api, folder: Path) -> None:
    requests = {name: make(clinic_api.clerk) for name, make in CASES.items()}
    theirs, ours = taken_by_theirs(folder, clinic_api.clerk, requests), taken_by_ours(clinic_api, requests)
    assert theirs - ours == set().union(*THEY_TAKE_WE_REFUSE.values())
    assert ours - theirs == set().union(*WE_TAKE_THEY_REFUSE.values())
    assert GENUINE.keys() <= theirs & ours


def test_the_lock_file_names_no_address() -> None:
    text = (SDK / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert "node_modules/@clerk/backend" in packages
    assert "://" not in text, "drop `resolved` and `funding`"
    assert all("integrity" in package for name, package in packages.items() if name)
