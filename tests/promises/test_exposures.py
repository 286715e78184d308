"""The lineage ends at the consumer: each route that reads marts is an exposure, with what it reads."""

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from serving.app import ROUTERS

ROOT = Path(__file__).parents[2]
EXPOSURES = ROOT / "dbt_project" / "models" / "marts" / "answers" / "_exposures.yml"
MIRROR = "/api/v1/admin/clerk/"  # Clerk's own, and no mart's
SCHEDULE = "/api/v1/admin/sync/schedule/{organization_id}"


def exposures() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(EXPOSURES.read_text())["exposures"]
    return found


def test_every_route_that_reads_marts_is_an_exposure() -> None:
    routes = {
        f"{method} {route.path}"  # type: ignore[attr-defined]
        for router in ROUTERS
        for route in router.routes
        for method in route.methods  # type: ignore[attr-defined]
        if route.path.startswith("/api/")  # type: ignore[attr-defined]
        and not route.path.startswith((MIRROR, SCHEDULE))  # type: ignore[attr-defined]
    }
    assert {exposure["label"] for exposure in exposures()} == routes


def test_the_marts_of_the_exposures_are_those_that_the_api_names() -> None:
    named = {
        relation
        for path in (ROOT / "serving").rglob("*")
        if path.suffix in {".py", ".sql"}
        for relation in re.findall(r"\b(?:marts|operations)\.([a-z_]+)", path.read_text())
    }
    listed = {
        relation
        for exposure in exposures()
        for relation in re.findall(r"ref\('(\w+)'\)", " ".join(exposure["depends_on"]))
    }
    assert listed == named - {"fct_visits"}, "fct_visits tells only how long an answer may be kept"
