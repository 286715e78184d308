"""Whose Cliniko is where, read before anything is changed: from any version of the schema, or none."""

from pathlib import Path

import psycopg
import pytest

from operations.environment import load_environment, remember_environment
from operations.errors import CommandError
from operations.settings import PlatformSettings
from operations.sign_in import accounts, require_fitting_issuer
from tests.conftest import create_database, create_old_database, drop_database
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings

HERE, REAL = "http://127.0.0.1:8091/v1", "https://api.au1.cliniko.com/v1"


def platform(**told: object) -> PlatformSettings:
    return PlatformSettings.model_validate({"clerk_issuer": "http://127.0.0.1:8092", **told})


def test_an_issuer_on_this_machine_stands_beside_the_demo_alone(warehouse: Settings) -> None:
    add_organization(warehouse, "org_demo", "D", HERE, Secret("sandbox-key-au1"))
    require_fitting_issuer(warehouse, platform())
    add_organization(warehouse, "org_real", "R", REAL, Secret("sandbox-key-au1"))
    assert accounts(warehouse) == {"org_demo": HERE, "org_real": REAL}
    with pytest.raises(CommandError, match=r"org_real.*ROUTIQ_ALLOW_LOOPBACK_ISSUER"):
        require_fitting_issuer(warehouse, platform())
    require_fitting_issuer(warehouse, platform(allow_loopback_issuer=True))
    require_fitting_issuer(warehouse, platform(clerk_issuer="https://clerk.example.com"))


def test_the_first_version_of_the_schema_tells_as_well(cluster: Settings) -> None:
    settings = create_old_database(cluster, "old_accounts", "0001")
    try:
        with psycopg.connect(settings.url("owner")) as connection:
            connection.execute("insert into app.organizations (organization_id, name) values ('org_a', 'A')")
        assert accounts(settings) == {"org_a": ""}
    finally:
        drop_database(cluster, "old_accounts")


def test_where_nothing_was_made_there_is_nobody(cluster: Settings) -> None:
    assert accounts(cluster.model_copy(update={"database_name": "never_made"})) == {}
    empty = create_database(cluster, "without_schema", template="template1")
    try:
        assert accounts(empty) == {}
    finally:
        drop_database(cluster, "without_schema")


def test_whose_tokens_are_taken_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor believed where an earlier version has written it down."""
    told = (
        "ROUTIQ_CLERK_ISSUER",
        "ROUTIQ_CLERK_JWKS_URL",
        "ROUTIQ_CLERK_AUTHORIZED_PARTIES",
        "ROUTIQ_OPERATORS",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROUTIQ_HOME", str(tmp_path))
    monkeypatch.setenv("ROUTIQ_API_PORT", "8123")
    for name in told:
        monkeypatch.setenv(name, "http://127.0.0.1:8092")
    remember_environment(tmp_path)
    memory = tmp_path / "run" / "environment"
    assert memory.read_text() == "ROUTIQ_API_PORT='8123'\n"

    memory.write_text("".join(f"{name}='http://127.0.0.1:8092'\n" for name in told))
    for name in told:
        monkeypatch.delenv(name)
    load_environment()
    assert PlatformSettings().clerk_issuer == ""
