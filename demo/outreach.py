"""What the demo's front desk has done in the last weeks: logged through the API, as its front end would.

Without it a first look at performance, trends and response rates shows nothing but zeros.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

import httpx

from sandbox.errors import SandboxError

LOST, COMING = 40, 40  # patients rung up of the board and of those who come
METHODS = ("phone", "sms", "email", "sms", "phone")
OUTCOMES = ("no_response", "no_response", "success", "failed", "no_response", "success", "no_response")


def log_outreach(api: httpx.Client, organization_id: str, now: datetime) -> int:
    """Unless any was logged in the last 90 days; returns how many attempts were.

    Raises:
        SandboxError: the API refuses.
    """
    board = f"/api/v1/reengagement/{organization_id}"
    performance = _ask(api, f"{board}/performance?timeframe=last_90_days")
    if performance["reengagement_metrics"]["outreach_attempts"]:
        return 0
    attempts = list(_attempts(api, board, organization_id, now))
    for attempt in attempts:
        answer = api.post(f"{board}/log-outreach", json=attempt)
        if answer.status_code != httpx.codes.CREATED:
            raise SandboxError(f"the API refused to log outreach: HTTP {answer.status_code}")
    return len(attempts)


def _attempts(api: httpx.Client, board: str, organization_id: str, now: datetime) -> Iterator[dict[str, str]]:
    """The lost were hard to reach; most of those who come today answered then, and some booked upon it."""
    lost = _ask(api, f"{board}/patients/prioritized?limit={LOST}")["patients"]
    listed = _ask(api, f"/api/v1/admin/contacts/{organization_id}/with-appointments?limit={COMING}")
    coming = listed["contacts_with_appointments"]
    reached = [(patient["id"], outcome) for patient, outcome in zip(lost, cycle(OUTCOMES), strict=False)]
    reached += [(patient["cliniko_patient_id"], "success") for patient in coming]
    for number, (patient_id, outcome) in enumerate(reached):
        occurred_at = now - timedelta(days=1 + number * 7 % 45, minutes=number * 11 % 240)
        yield {
            "patient_id": patient_id,
            "method": METHODS[number % len(METHODS)],
            "outcome": outcome,
            "occurred_at": occurred_at.astimezone(UTC).isoformat(timespec="seconds"),
        }


def _ask(api: httpx.Client, path: str) -> Any:
    answer = api.get(path)
    if answer.status_code != httpx.codes.OK:
        raise SandboxError(f"the API does not answer {path.partition('?')[0]}: HTTP {answer.status_code}")
    return answer.json()
