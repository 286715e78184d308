"""What the demo logs shows on the pages that would be all zeros without it, and is logged once."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import psycopg
import pytest

from demo.outreach import COMING, LOST, log_outreach
from tests.chain.conftest import Chain

BOARD = "/api/v1/reengagement/{org}"


@pytest.fixture
def harbour(chain: Chain) -> Iterator[httpx.Client]:
    """A member's way to the first clinic; what was logged is taken back."""
    headers = {"Authorization": f"Bearer {chain.token(chain.clinics[0])}"}
    with httpx.Client(base_url=chain.api_url, headers=headers, timeout=10) as api:
        yield api
    with psycopg.connect(chain.settings.url("owner")) as connection:
        connection.execute("delete from app.outreach_log")


def test_the_front_desk_has_worked(chain: Chain, harbour: httpx.Client, as_of: datetime) -> None:
    clinic = chain.clinics[0]
    assert log_outreach(harbour, clinic.organization_id, as_of) == LOST + COMING
    assert log_outreach(harbour, clinic.organization_id, as_of) == 0
    performance: dict[str, Any] = chain.ask(clinic, f"{BOARD}/performance")
    figures = performance["reengagement_metrics"]
    assert 0 < figures["successful_contacts"] < figures["outreach_attempts"] <= LOST + COMING
    assert figures["appointments_scheduled"] > 0
    assert performance["communication_channels"]["email"]["opened_tracked"] is False  # nobody told of any
    days = chain.ask(clinic, f"{BOARD}/trends", period="30d")["daily_trends"]
    assert sum(day["outreach_attempts"] for day in days) > 0
