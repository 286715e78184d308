"""A server is installed without the tests' tools and the demo's, and the product needs none of them."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PRODUCT: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
RUN = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
import ingestion.sync, operations.cli, operations.platform, orchestration.dbt.build, orchestration.instance
import orchestration.web.app, serving.app, warehouse.bootstrap
sys.argv = ["routiq", "--help"]
operations.cli.main()
"""


def plain(requirement: str) -> str:
    """The name of a package as the lock files write it."""
    (name,) = re.findall(r"^[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(file: str) -> set[str]:
    """Each package with its version and its hashes."""
    return set(re.split(r"\n(?=\S)", (ROOT / file).read_text().strip()))


def modules(packages: set[str]) -> set[str]:
    """The top-level modules that come with nothing but these packages."""
    known = importlib.metadata.packages_distributions().items()
    return {module for module, brought_by in known if {plain(name) for name in brought_by} <= packages}


def imported() -> Iterator[str]:
    for package in PRODUCT:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    yield str(node.module).partition(".")[0]


def test_what_a_server_gets_is_part_of_what_is_tested() -> None:
    assert locked("requirements.lock") < locked("development.lock")


def test_a_server_gets_no_tool_of_the_tests_and_not_the_sandbox() -> None:
    groups = PROJECT["dependency-groups"]
    tools = {plain(requirement) for group in ("demo", "dev") for requirement in groups[group]}
    served = {plain(package) for package in locked("requirements.lock")}
    # What dbt and Dagster's web server bring themselves.
    assert served & tools == {"jsonschema", "websockets"}
    assert {"sandbox", "demo", "tests", "bench"}.isdisjoint(PRODUCT)


def test_each_import_of_the_product_comes_with_what_a_server_gets() -> None:
    served = {plain(package) for package in locked("requirements.lock")}
    brought = modules({plain(package) for package in locked("development.lock")})
    assert set(imported()) & brought <= modules(served)


def test_the_product_runs_on_what_a_server_gets() -> None:
    served = {plain(package) for package in locked("requirements.lock")}
    every = {plain(package) for package in locked("development.lock")}
    absent = (modules(every) - modules(served)) | {"sandbox", "demo", "tests"}
    assert {"pytest", "duckdb", "ruff", "hypothesis"} <= absent
    command = [sys.executable, "-c", f"ABSENT = {sorted(absent)!r}\n{RUN}"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "routiq" in told.stdout
