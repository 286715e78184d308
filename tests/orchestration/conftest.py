"""A warehouse with two clinics behind it, and Dagster's definitions loaded as the code server loads them."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import dagster as dg
import pytest

from ingestion.pipeline import prepare_dlt
from orchestration.dbt.manifest import prepare_manifest
from orchestration.instance import prepare_dagster
from sandbox.cliniko.running import run_cliniko
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first module leaves what dbt made of the project; the others begin with that."""
    return tmp_path_factory.mktemp("parsed") / "dbt"


@pytest.fixture(scope="module")
def dagster_warehouse(
    module_warehouse: Settings, parsed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """The environment leads to this warehouse, as it does for Dagster's processes."""
    home = tmp_path_factory.mktemp("dagster")
    settings = module_warehouse.model_copy(update={"home": home})
    (home / "secrets.env").write_bytes((module_warehouse.home / "secrets.env").read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROUTIQ_HOME", str(home))
        patch.setenv("ROUTIQ_POSTGRES_PORT", str(settings.postgres_port))
        patch.setenv("ROUTIQ_DATABASE_NAME", settings.database_name)
        patch.setenv("ROUTIQ_CLINIKO_REQUESTS_PER_MINUTE", "0")
        patch.delenv("DATABASE_URL", raising=False)
        prepare_dlt(settings)
        if parsed.exists():
            copytree(parsed, home / "dbt")
        prepare_manifest(settings)
        if not parsed.exists():
            copytree(home / "dbt", parsed)
        prepare_dagster(settings)
        yield settings


@pytest.fixture(scope="module")
def code(dagster_warehouse: Settings) -> dg.RepositoryDefinition:
    from orchestration.definitions import definitions  # noqa: PLC0415 - reads the manifest of this home

    assert dagster_warehouse.home == Path(os.environ["ROUTIQ_HOME"])
    loaded = definitions()
    dg.Definitions.validate_loadable(loaded)
    return loaded.get_repository_def()


@pytest.fixture(scope="module")
def two_clinics(dagster_warehouse: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Organizations `org_a` and `org_b`, each with a small generated clinic."""
    folders = [tmp_path_factory.mktemp("clinics") / name for name in ("org_a", "org_b")]
    for seed, folder in enumerate(folders):
        command = [sys.executable, "-m", "sandbox", "generate", "--out", str(folder)]
        subprocess.run([*command, "--seed", str(seed), "--patients", "12"], check=True, capture_output=True)
    with run_cliniko(folders) as address:
        for folder in folders:
            key = tomllib.loads((folder / "clinic.toml").read_text())["api_key"]
            add_organization(dagster_warehouse, folder.name, folder.name, f"{address}/v1", Secret(key))
        yield [folder.name for folder in folders]
