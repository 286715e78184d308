"""The whole way, with nothing played but Cliniko and Clerk: two generated clinics -> Cliniko over HTTP ->
`sync_organization` -> Postgres -> dbt -> the API as its own process, asked with signed tokens."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from ingestion.pipeline import prepare_dlt
from ingestion.sync import sync_organization
from orchestration.dbt.build import BuildResult, build
from sandbox.clinics.cli import main as clinics_cli
from sandbox.cliniko.running import run_cliniko
from tests.conftest import create_database, drop_database, free_port
from tests.processes import python_module
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings

AUTHORIZED_PARTY = "http://localhost:3000"
OPERATOR = "user_operator"


@dataclass(frozen=True)
class Clinic:
    """One generated clinic and the organization it is loaded as."""

    organization_id: str
    folder: Path
    country: str
    api_key: str


@dataclass
class Chain:
    """Everything that runs, and the moves a test makes."""

    settings: Settings
    clinics: tuple[Clinic, ...]
    cliniko_url: str
    clerk_url: str
    api_url: str

    def sync(self, clinic: Clinic, kind: Any = "sync") -> None:
        sync_organization(self.settings, clinic.organization_id, kind=kind)

    def build(self) -> BuildResult:
        return build(self.settings)

    def freeze(self, as_of: datetime) -> None:
        """Every session opened from now on asks as of this instant."""
        with psycopg.connect(self.settings.url("admin"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("alter database {} set app.as_of = {}").format(
                    sql.Identifier(self.settings.database_name), sql.Literal(as_of.isoformat())
                )
            )
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where usename in ('routiq_api', 'routiq_operator') and datname = current_database()"
            )

    def token(self, clinic: Clinic, role: str = "member", subject: str = "user_front_desk") -> str:
        answer = httpx.post(
            f"{self.clerk_url}/_sandbox/tokens",
            json={"organization_id": clinic.organization_id, "role": role, "subject": subject},
        )
        token: str = answer.raise_for_status().json()["token"]
        return token

    def get(
        self, clinic: Clinic, path: str, *, token_of: Clinic | None = None, **params: Any
    ) -> httpx.Response:
        """Ask the API about a clinic, as a member of it or of `token_of`."""
        return httpx.get(
            self.api_url + path.format(org=clinic.organization_id),
            params=params,
            headers={"Authorization": f"Bearer {self.token(token_of or clinic)}"},
            timeout=30,
        )

    def ask_as_operator(self, path: str) -> dict[str, Any]:
        bearer = {"Authorization": f"Bearer {self.token(self.clinics[0], subject=OPERATOR)}"}
        answer = httpx.get(self.api_url + path, headers=bearer, timeout=30)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def ask(self, clinic: Clinic, path: str, **params: Any) -> dict[str, Any]:
        """The body of an answer that must be good."""
        answer = self.get(clinic, path, **params)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture(scope="session")
def chain_warehouse(cluster: Settings) -> Iterator[Settings]:
    yield create_database(cluster, "chain")
    drop_database(cluster, "chain")


@pytest.fixture(scope="session")
def as_of() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="session")
def clinics(tmp_path_factory: pytest.TempPathFactory, as_of: datetime) -> tuple[Clinic, Clinic]:
    drawn = []
    for name, seed, patients, zone, country in (
        ("harbour", 11, 320, "Australia/Sydney", "AU"),
        ("thames", 12, 280, "Europe/London", "GB"),
    ):
        folder = tmp_path_factory.mktemp("clinics") / name
        key = f"MS-{name}-au2"
        arguments = ["generate", "--out", folder, "--seed", seed, "--patients", patients, "--name", name]
        arguments += [
            "--time-zone",
            zone,
            "--country",
            country,
            "--api-key",
            key,
            "--as-of",
            as_of.isoformat(),
        ]
        assert clinics_cli([str(argument) for argument in arguments]) == 0
        drawn.append(Clinic(f"org_{name}", folder, country, key))
    return drawn[0], drawn[1]


@pytest.fixture(scope="session")
def chain(
    chain_warehouse: Settings,
    clinics: tuple[Clinic, Clinic],
    as_of: datetime,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Chain]:
    with run_chain(chain_warehouse, clinics, as_of, tmp_path_factory.mktemp("clerk")) as chain:
        yield chain


@contextmanager
def run_chain(
    settings: Settings, clinics: tuple[Clinic, ...], as_of: datetime, clerk_home: Path
) -> Iterator[Chain]:
    api_port, clerk_port = free_port(), free_port()
    clerk_url, api_url = f"http://127.0.0.1:{clerk_port}", f"http://127.0.0.1:{api_port}"
    environment = {
        "ROUTIQ_HOME": str(settings.home),
        "ROUTIQ_POSTGRES_PORT": str(settings.postgres_port),
        "ROUTIQ_DATABASE_NAME": settings.database_name,
        "ROUTIQ_API_PORT": str(api_port),
        "ROUTIQ_CLERK_ISSUER": clerk_url,
        "ROUTIQ_CLERK_AUTHORIZED_PARTIES": AUTHORIZED_PARTY,
        "ROUTIQ_OPERATORS": OPERATOR,
    }
    with ExitStack() as running:
        cliniko_url = running.enter_context(run_cliniko([clinic.folder for clinic in clinics]))
        prepare_dlt(settings)
        chain = Chain(settings, clinics, cliniko_url, clerk_url, api_url)
        for clinic in clinics:
            add_organization(
                settings,
                clinic.organization_id,
                clinic.folder.name,
                f"{cliniko_url}/v1",
                Secret(clinic.api_key),
                clinic.country,
            )
            chain.sync(clinic)
        assert not chain.build().held_back
        running.enter_context(
            python_module(
                "sandbox",
                "clerk",
                "--port",
                clerk_port,
                "--home",
                clerk_home,
                "--authorized-party",
                AUTHORIZED_PARTY,
                answers_at=f"{clerk_url}/.well-known/jwks.json",
            )
        )
        running.enter_context(python_module("serving", answers_at=f"{api_url}/live", environment=environment))
        chain.freeze(as_of)
        yield chain
