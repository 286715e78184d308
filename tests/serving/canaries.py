"""Eight clinics whose every text carries the clinic's own mark, and what asks about them all at once.

A mark in an answer, header, log line or audit row of another clinic is a leak.
"""

import asyncio
import random
import re
import ssl
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import httpx

from tests.dbt_project.clinic import NOON, Clinic, days
from tests.serving.conftest import Clerk
from warehouse.settings import Settings

TENANTS = tuple(f"org_canary{number}x" for number in range(8))
MARK = re.compile(r"canary\dx")
PATIENTS = 12
AT_ONCE = 48
TLS = ssl.create_default_context()  # unused; each client would make one of its own, which takes 10 ms
# Patient ids are the same everywhere: only isolation keeps them apart.
GET = (
    "/api/v1/reengagement/{}/risk-metrics",
    "/api/v1/reengagement/{}/patients/prioritized",
    "/api/v1/reengagement/{}/patients/prioritized?search=canary&limit=3",
    "/api/v1/reengagement/{}/patients/7",
    "/api/v1/reengagement/{}/dashboard",
    "/api/v1/reengagement/{}/performance",
    "/api/v1/reengagement/{}/trends?period=7d",
    "/api/v1/admin/active-patients/{}",
    "/api/v1/admin/active-patients/{}/summary",
    "/api/v1/admin/contacts/{}/with-appointments",
    "/api/v1/admin/sync/dashboard/{}",
    "/api/v1/admin/monitoring/system-health",
    "/api/v1/admin/clerk/status",
    "/api/v1/admin/clerk/database-summary",
)
BAD = (
    "/api/v1/reengagement/{}/patients/prioritized?risk_level=%00",
    "/api/v1/reengagement/{}/patients/999",
    "/api/v1/reengagement/{}/nothing",
)
LOG = "/api/v1/reengagement/{}/log-outreach"


def mark_of(organization_id: str) -> str:
    return organization_id.removeprefix("org_")


def draw(settings: Settings, organization_id: str) -> None:
    """A clinic in the raw log; every text that can be served carries its mark."""
    mark = mark_of(organization_id)
    clinic = Clinic(settings, organization_id).create()
    clinic.rows.clear()
    clinic.add("businesses", id="1", time_zone_identifier="Australia/Brisbane", display_name=f"House {mark}")
    clinic.add("practitioners", id="71", display_name=f"Dr {mark}")
    clinic.add("appointment_types", id="81", name=f"Type {mark}")
    for number in range(1, PATIENTS + 1):
        patient_id = str(number)
        clinic.patient(patient_id, first_name=f"Ines {mark}", email=f"p{number}.{mark}@example.com")
        clinic.visit(f"1{number:02}", patient_id, NOON - days(number * 5))
        clinic.add(
            "treatment_notes",
            id=f"2{number:02}",
            patient_id=patient_id,
            practitioner_id="71",
            title=f"Note {mark}",
            content={"sections": [{"name": "s", "questions": [{"name": "q", "answer": f"Text {mark}"}]}]},
        )
    clinic.accept()


@dataclass
class Storm:
    """Asks `total` times, for all clinics at once: good, bad, foreign and forged, some given up midway."""

    url: str
    clerk: Clerk
    total: int
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    statuses: Counter[int] = field(default_factory=Counter)
    given_up: int = 0
    unanswered: int = 0
    leaks: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        self.tokens = {
            name: self.clerk.token(name, role="admin", lifetime_seconds=3600, subject=f"user_{mark_of(name)}")
            for name in TENANTS
        }
        asyncio.run(self._run())

    async def _run(self) -> None:
        numbers = iter(range(self.total))
        await asyncio.gather(*(self._ask_all(numbers) for _ in range(AT_ONCE)))

    async def _ask_all(self, numbers: Iterator[int]) -> None:
        """Over one connection, and over a new one after giving up.

        A pool of httpx's would now and then count the connection of a cancelled request as busy for ever.
        """
        has_more = True
        while has_more:
            async with httpx.AsyncClient(base_url=self.url, timeout=30, verify=TLS) as client:
                has_more = await self._ask_on(client, numbers)

    async def _ask_on(self, client: httpx.AsyncClient, numbers: Iterator[int]) -> bool:
        for number in numbers:
            name = self.dice.choice(TENANTS)
            is_hasty = self.dice.random() < 0.05
            patience = self.dice.uniform(0, 0.02) if is_hasty else 30
            try:
                async with asyncio.timeout(patience):
                    answer = await client.send(self._request(client, name, number))
            except (TimeoutError, httpx.TransportError):
                self.given_up += is_hasty
                self.unanswered += not is_hasty
                return True
            self._look_at(name, answer)
        return False

    def _request(self, client: httpx.AsyncClient, name: str, number: int) -> httpx.Request:
        headers = {
            "Authorization": f"Bearer {self.tokens[name]}",
            "X-Request-Id": f"{mark_of(name)}-{number}",
        }
        draw = self.dice.random()
        if draw < 0.06:
            note = {"patient_id": "7", "method": "sms", "outcome": "no_response", "notes": mark_of(name)}
            return client.build_request("POST", LOG.format(name), headers=headers, json=note)
        path = self.dice.choice(BAD if draw < 0.16 else GET)
        asked = self.dice.choice(TENANTS) if draw > 0.9 else name
        if draw > 0.97:
            headers["Authorization"] += "x"
        return client.build_request("GET", path.format(asked), headers=headers)

    def _look_at(self, name: str, answer: httpx.Response) -> None:
        self.statuses[answer.status_code] += 1
        seen = f"{answer.headers} {answer.text}"
        if strangers := set(MARK.findall(seen)) - {mark_of(name)}:
            self.leaks.append(f"{answer.status_code} {answer.request.url.path} shows {sorted(strangers)}")


def lines_with_strangers(lines: Iterable[str]) -> list[str]:
    """Those that speak of two clinics: each line, each row belongs to one."""
    return [line for line in lines if len(set(MARK.findall(line))) > 1]
