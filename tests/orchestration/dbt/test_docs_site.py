"""The docs site, made of a real project and database, looked at in a real browser without any network."""

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from orchestration.dbt.build import dbt_home
from orchestration.dbt.docs_site import make_docs_site, page_of, prepare_docs_site, site_folder
from tests.browser import rendered, text_of
from warehouse.settings import Settings


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(dagster_warehouse: Settings) -> Iterator[str]:
    make_docs_site(dagster_warehouse)
    handler = functools.partial(Quiet, directory=str(site_folder(dagster_warehouse.home)))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def manifest(dagster_warehouse: Settings, site: str) -> dict[str, Any]:
    assert site, "made before"
    path = dbt_home(dagster_warehouse) / "docs" / "manifest.json"
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_it_opens_on_where_every_number_is_made(site: str) -> None:
    page = rendered(site)
    assert "every number, and where it is made" in text_of(page)
    assert 'href="#!/model/model.routiq.patient_reengagement_master_view"' in page


def test_the_first_page_links_only_to_what_is_there(manifest: dict[str, Any]) -> None:
    overview = manifest["docs"]["doc.routiq.__overview__"]["block_contents"]
    linked = {part.split(")")[0] for part in overview.split("(#!/model/")[1:]}
    assert linked
    assert linked <= manifest["nodes"].keys()


def test_a_model_shows_its_grain_its_columns_and_its_sql(site: str) -> None:
    text = text_of(rendered(f"{site}/#!/model/model.routiq.patient_reengagement_master_view"))
    assert "patient_reengagement_master_view served_view" in text
    assert "previous_response_rate" in text
    assert "case risk_level" in text


def test_every_route_descends_from_clinikos_feeds(site: str, manifest: dict[str, Any]) -> None:
    """The canvas draws what the manifest links; its nodes cannot be read from the document."""
    without = [name for name in manifest["exposures"] if not feeds_above(name, manifest["parent_map"])]
    assert manifest["exposures"]
    assert without == []
    page = rendered(f"{site}/#!/exposure/{next(iter(manifest['exposures']))}?g_v=1")
    assert "<canvas" in page
    assert "Lineage Graph" in text_of(page)


def feeds_above(name: str, parents: dict[str, list[str]]) -> set[str]:
    if name.startswith("source.routiq.cliniko."):
        return {name}
    return {feed for parent in parents.get(name, []) for feed in feeds_above(parent, parents)}


def test_it_is_made_again_only_when_the_project_changed(dagster_warehouse: Settings, site: str) -> None:
    assert site, "made before"
    made = page_of(dagster_warehouse.home).stat().st_mtime_ns
    prepare_docs_site(dagster_warehouse)
    assert page_of(dagster_warehouse.home).stat().st_mtime_ns == made
