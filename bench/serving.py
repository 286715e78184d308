"""How fast the API answers: routes 10 and 12, at one and at sixteen clients, against a constant answer.

`python -m bench.serving --url http://127.0.0.1:8000 --organization ORG --token "$(routiq token --org ORG)"`

`/live` is the constant: the same server, event loop and middleware, without token, limit and database. Start
the API with ROUTIQ_LIMIT_REGULAR=1000000, or the hour's limit ends the run. Each measure lasts --seconds.
Prints one JSON document.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Target:
    name: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Measure:
    seconds: float
    durations: list[float]
    statuses: set[int]

    def report(self) -> dict[str, Any]:
        ordered = sorted(self.durations)
        return {
            "requests": len(ordered),
            "per_second": round(len(ordered) / self.seconds, 1),
            "p50_ms": round(statistics.median(ordered) * 1000, 2),
            "p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000, 2),
            "statuses": sorted(self.statuses),
        }


async def ask_until(client: httpx.AsyncClient, target: Target, end: float, measure: Measure) -> None:
    while time.perf_counter() < end:
        began = time.perf_counter()
        answer = await client.get(target.path, headers=dict(target.headers))
        measure.durations.append(time.perf_counter() - began)
        measure.statuses.add(answer.status_code)


async def run(url: str, target: Target, clients: int, seconds: float) -> Measure:
    """Each client asks again as soon as it is answered, over a connection of its own."""
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits, trust_env=False) as client:
        await asyncio.gather(*(client.get(target.path, headers=dict(target.headers)) for _ in range(clients)))
        began = time.perf_counter()
        measure = Measure(seconds, [], set())
        await asyncio.gather(*(ask_until(client, target, began + seconds, measure) for _ in range(clients)))
    return Measure(time.perf_counter() - began, measure.durations, measure.statuses)


def targets(organization: str, token: str, etag: str) -> list[Target]:
    bearer = {"Authorization": f"Bearer {token}"}
    board = f"/api/v1/reengagement/{organization}"
    return [
        Target("constant", "/live", {}),
        Target("refused", f"{board}/risk-metrics", {"Authorization": "Bearer x.y.z"}),
        Target("risk_metrics", f"{board}/risk-metrics", bearer),
        Target("risk_metrics_304", f"{board}/risk-metrics", bearer | {"If-None-Match": etag}),
        Target("prioritized_50", f"{board}/patients/prioritized", bearer),
        Target(
            "prioritized_200_critical", f"{board}/patients/prioritized?risk_level=critical&limit=200", bearer
        ),
    ]


def etag_of(url: str, organization: str, token: str) -> str:
    answer = httpx.get(
        f"{url}/api/v1/reengagement/{organization}/risk-metrics",
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
        trust_env=False,
    )
    answer.raise_for_status()
    return answer.headers["etag"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--organization", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    found: dict[str, Any] = {}
    for target in targets(
        options.organization, options.token, etag_of(options.url, options.organization, options.token)
    ):
        for clients in (1, 16):
            measure = asyncio.run(run(options.url, target, clients, options.seconds))
            found.setdefault(target.name, {})[f"{clients}_clients"] = measure.report()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
