"""Route 1: a sync is queued once, and whoever asks again is told which one is under way."""

from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.serving import marts
from tests.serving.conftest import Clerk, run_api, settings_for
from tests.serving.routes import SYNC
from warehouse.settings import Settings


def test_queued_once_however_many_ask(warehouse: Settings, clerk: Clerk) -> None:
    marts.add_organization(warehouse, "org_a")
    marts.add_organization(warehouse, "org_b")
    with run_api(settings_for(warehouse, clerk), clerk) as api:

        def ask(organization_id: str) -> dict[str, object]:
            headers = clerk.bearer(organization_id, role="admin", subject="user_asks")
            body: dict[str, object] = api.client.post(SYNC.format(organization_id), headers=headers).json()
            return body

        with ThreadPoolExecutor(8) as pool:
            bodies = list(pool.map(ask, ["org_a"] * 16))
        assert sum(bool(body["sync_scheduled"]) for body in bodies) == 1
        assert len({body["sync_id"] for body in bodies}) == 1
        assert {str(body["message"]) for body in bodies} == {
            "Sync started successfully",
            "A sync is already queued or running",
        }
        assert bodies[0].keys() == {"organization_id", "sync_scheduled", "sync_id", "message", "timestamp"}
        assert ask("org_b")["sync_scheduled"] is True
        finish(warehouse)
        again = ask("org_a")
    assert again["sync_scheduled"] is True
    assert again["sync_id"] != bodies[0]["sync_id"]


def finish(warehouse: Settings) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        rows = connection.execute(
            "select organization_id, requested_by, status from app.sync_runs"
        ).fetchall()
        assert sorted(rows) == [("org_a", "user_asks", "queued"), ("org_b", "user_asks", "queued")]
        connection.execute("update app.sync_runs set status = 'failed', finished_at = now()")


def test_an_unknown_organization_has_nothing_to_sync(warehouse: Settings, clerk: Clerk) -> None:
    marts.add_organization(warehouse, "org_off", active=False)
    with run_api(settings_for(warehouse, clerk), clerk) as api:
        for organization_id, status in (("org_gone", 404), ("org_off", 403)):
            headers = clerk.bearer(organization_id, role="admin")
            assert api.client.post(SYNC.format(organization_id), headers=headers).status_code == status
