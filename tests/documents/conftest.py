"""Each document's clinic: told in the raw log, built by dbt, served by the real process, its clock frozen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from orchestration.dbt.build import build
from tests.conftest import create_database, drop_database, free_port
from tests.documents import active_clinic, board_clinic
from tests.processes import python_module
from warehouse.settings import Settings

PARTY = "http://localhost:3000"
OPERATOR = "user_operator"


@dataclass
class Front:
    """The front end: asks as a member of one organization, or as what `order` says."""

    api_url: str
    clerk_url: str
    organization_id: str
    settings: Settings

    def request(self, method: str, path: str, order: dict[str, Any] | None = None, **options: Any) -> Any:
        wanted = {"organization_id": self.organization_id, "subject": "user_front_desk"} | (order or {})
        issued = httpx.post(f"{self.clerk_url}/_sandbox/tokens", json=wanted).raise_for_status().json()
        headers = {"Authorization": f"Bearer {issued['token']}"}
        answer = httpx.request(method, self.api_url + path, headers=headers, timeout=30, **options)
        assert answer.is_success, answer.text
        return answer.json()

    def board(self, path: str, **params: Any) -> Any:
        return self.request("GET", f"/api/v1/reengagement/{self.organization_id}/{path}", params=params)

    def admin(self, path: str, method: str = "GET", **order: Any) -> Any:
        return self.request(method, f"/api/v1/admin/{path.format(org=self.organization_id)}", order)


@pytest.fixture(scope="session")
def clerk_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ("--port", port, "--home", tmp_path_factory.mktemp("clerk"), "--authorized-party", PARTY)
    with python_module("sandbox", "clerk", *arguments, answers_at=f"{url}/.well-known/jwks.json"):
        yield url


@contextmanager
def served(
    cluster: Settings,
    clerk_url: str,
    name: str,
    organization_id: str,
    tell: Callable[[Settings], None],
    as_of: datetime,
) -> Iterator[Front]:
    settings = create_database(cluster, name)
    tell(settings)
    assert not build(settings).held_back
    freeze(settings, as_of)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "ROUTIQ_HOME": str(settings.home),
        "ROUTIQ_POSTGRES_PORT": str(settings.postgres_port),
        "ROUTIQ_DATABASE_NAME": settings.database_name,
        "ROUTIQ_API_PORT": str(port),
        "ROUTIQ_CLERK_ISSUER": clerk_url,
        "ROUTIQ_CLERK_AUTHORIZED_PARTIES": PARTY,
        "ROUTIQ_OPERATORS": OPERATOR,
        "ROUTIQ_ALLOW_LOOPBACK_ISSUER": "1",
    }
    with python_module("serving", answers_at=f"{url}/live", environment=environment):
        yield Front(url, clerk_url, organization_id, settings)
    drop_database(cluster, name)


def freeze(settings: Settings, as_of: datetime) -> None:
    with psycopg.connect(settings.url("admin"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("alter database {} set app.as_of = {}").format(
                sql.Identifier(settings.database_name), sql.Literal(as_of.isoformat())
            )
        )


@pytest.fixture(scope="session")
def board(cluster: Settings, clerk_url: str) -> Iterator[Front]:
    with served(
        *(cluster, clerk_url, "board_clinic", board_clinic.ORGANIZATION),
        *(board_clinic.tell, board_clinic.AS_OF),
    ) as front:
        yield front


@pytest.fixture(scope="session")
def active(cluster: Settings, clerk_url: str) -> Iterator[Front]:
    with served(
        *(cluster, clerk_url, "active_clinic", active_clinic.ORGANIZATION),
        *(active_clinic.tell, active_clinic.AS_OF),
    ) as front:
        yield front
