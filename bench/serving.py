"""How fast the API answers, against a constant answer behind the same guard and against pgbench.

    python -m bench.serving                                   one clinic of 5,000 patients
    python -m bench.serving --patients 62000 --appointments 110000
    python -m bench.serving --others 1000                     the same beside a thousand clinics of 200

A clinic is drawn and built by dbt, the API runs as its own process, once with a cache and once without. `wrk`
saturates it over 16 connections; `at_half` is a steady pace of half of that. pgbench runs the prepared
statement of risk-metrics as the API's role. `of_pgbench` is the share of its pace that the API has without a
cache; `of_constant`, what kept answers have of the constant's; `new_data_ms`, the first answers after a
publication. One JSON document. Needs `wrk`.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.drawn import BASE, fill
from bench.paced import measure
from orchestration.dbt.build import build
from sandbox.clerk.issuer import Issuer, KeyStore, TokenOrder
from serving.features.reengagement.router import RISK_METRICS
from tests.conftest import free_port
from tests.serving.conftest import wait_for
from tests.serving.process import is_ready
from warehouse.bootstrap import embedded_server, prepare_warehouse
from warehouse.settings import Settings, ensure_secrets

ORGANIZATION = "org_big"
BOARD, ADMIN = f"/api/v1/reengagement/{ORGANIZATION}", "/api/v1/admin"
# Every GET but the two lists without a limit. Clerk's status without a key asks nobody.
ROUTES = {
    "constant": f"{BOARD}/constant",
    "risk_metrics": f"{BOARD}/risk-metrics",
    "performance": f"{BOARD}/performance",
    "trends": f"{BOARD}/trends",
    "active_summary": f"{ADMIN}/active-patients/{ORGANIZATION}/summary",
    "prioritized": f"{BOARD}/patients/prioritized",
    "dashboard": f"{BOARD}/dashboard",
    "active_50": f"{ADMIN}/active-patients/{ORGANIZATION}?limit=50",
    "contacts_50": f"{ADMIN}/contacts/{ORGANIZATION}/with-appointments?limit=50",
    "patient": f"{BOARD}/patients/{BASE + 1}",
    "sync_dashboard": f"{ADMIN}/sync/dashboard/{ORGANIZATION}",
    "system_health": f"{ADMIN}/monitoring/system-health",
    "clerk_status": f"{ADMIN}/clerk/status",
    "clerk_summary": f"{ADMIN}/clerk/database-summary",
}
KEPT = ("risk_metrics", "performance", "trends", "active_summary")
PARTY, ISSUER = "https://app.example.com", "https://clerk.example.com"
CLIENTS = 16
SEGMENTS = 40
CLIENT = httpx.Client(timeout=30)  # made once: making one takes longer than an answer


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=5_000)
    parser.add_argument("--appointments", type=int, default=9_000)
    parser.add_argument("--others", type=int, default=0, help="more clinics, of 200 patients each")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(  # type: ignore[call-arg]
            home=home, postgres_port=free_port(), DATABASE_URL=None, _env_file=ensure_secrets(home)
        )
        try:
            prepare_warehouse(settings)
            for number in range(options.others):
                fill(settings, f"org_{number}", 200, 400, everything=False)
            fill(settings, ORGANIZATION, options.patients, options.appointments, everything=False)
            build(settings)
            settle(settings)
            print(json.dumps(vars(options) | run(settings, options.seconds), indent=1))
        finally:
            embedded_server(settings).remove()


def settle(settings: Settings) -> None:
    """As after hours: tables vacuumed, and log segments to write over (a new one costs a commit 20 ms)."""
    with psycopg.connect(settings.url("admin"), autocommit=True) as connection:
        connection.execute("vacuum (analyze)")
        for _ in range(SEGMENTS):
            connection.execute("select pg_logical_emit_message(true, '', '')")
            connection.execute("select pg_switch_wal()")
        connection.execute("checkpoint")


def run(settings: Settings, seconds: float) -> dict[str, Any]:
    issuer = Issuer(ISSUER, KeyStore(settings.home), PARTY)
    token = issuer.token(TokenOrder(organization_id=ORGANIZATION, role="admin", lifetime_seconds=3600))
    headers = {"Authorization": f"Bearer {token}"}
    figures: dict[str, Any] = {"pgbench": pgbench(settings, seconds)}
    with api(settings, issuer, cache=0) as port:
        figures["uncached"] = {"risk_metrics": saturate(port, ROUTES["risk_metrics"], headers, seconds)}
    with api(settings, issuer, cache=64) as port:
        figures["new_data_ms"] = after_new_data(settings, port, headers)
        figures["cached"] = {name: of_route(port, path, headers, seconds) for name, path in ROUTES.items()}
        figures["of_constant"] = of_constant(port, headers, seconds)
    uncached, peer = figures["uncached"]["risk_metrics"], figures["pgbench"]
    figures["of_pgbench"] = round(uncached["per_second"] / peer["per_second"], 2)
    return figures


@contextmanager
def api(settings: Settings, issuer: Issuer, *, cache: int) -> Iterator[int]:
    port = free_port()
    public = issuer.store.keys[-1].private.public_key()
    environment = {
        "ROUTIQ_HOME": str(settings.home),
        "ROUTIQ_POSTGRES_PORT": str(settings.postgres_port),
        "ROUTIQ_API_PORT": str(port),
        "ROUTIQ_API_CACHE_MEGABYTES": str(cache),
        "ROUTIQ_CLERK_ISSUER": ISSUER,
        "ROUTIQ_CLERK_AUTHORIZED_PARTIES": PARTY,
        "ROUTIQ_CLERK_JWT_KEY": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        **{f"ROUTIQ_LIMIT_{tier}": "100000000" for tier in ("ADMIN", "SYNC", "REGULAR")},
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.served"],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # a pipe that nobody reads would stop it
    )
    try:
        wait_for(lambda: is_ready(port), 60)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def ask(port: int, path: str, headers: dict[str, str]) -> httpx.Response:
    return CLIENT.get(f"http://127.0.0.1:{port}{path}", headers=headers).raise_for_status()


def of_route(port: int, path: str, headers: dict[str, str], seconds: float) -> dict[str, Any]:
    """Saturated, then at half of that pace."""
    ask(port, path, headers)
    figures = saturate(port, path, headers, seconds)
    lines = [f"GET {path} HTTP/1.1", "Host: bench", *(f"{name}: {value}" for name, value in headers.items())]
    request = "\r\n".join([*lines, "", ""]).encode()
    return figures | {"at_half": measure(port, request, figures["per_second"] / 2, seconds)}


def saturate(port: int, path: str, headers: dict[str, str], seconds: float) -> dict[str, Any]:
    said = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{max(1, round(seconds))}s", "--latency", *said]
    found = output_of([*command, f"http://127.0.0.1:{port}{path}"])
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", found)
    return {
        "per_second": number_in(r"Requests/sec:\s+([\d.]+)", found),
        "p99": re.findall(r"99%\s+(\S+)", found)[0],
        "refused": int(refused[1]) if refused else 0,
    }


def pgbench(settings: Settings, seconds: float) -> dict[str, float]:
    """The transaction of the API's risk-metrics, prepared, by as many clients as the API's pool has."""
    # A colon begins a variable there, also within a text.
    statement = RISK_METRICS.replace("HH24:MI:SS", "HH24' || chr(58) || 'MI' || chr(58) || 'SS")
    statement = statement.replace("%(organization_id)s", ":organization")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"begin read only;\nset local app.organization_id = '{ORGANIZATION}';\n")
        script.write(" ".join(statement.split()) + ";\ncommit;\n")
        script.flush()
        command = ["pgbench", "-n", "-M", "prepared", "-c8", "-j1", f"-T{max(1, round(seconds))}"]
        command += ["-D", f"organization={ORGANIZATION}", "-f", script.name, settings.url("api")]
        found = output_of(command)
    return {"per_second": number_in(r"tps = ([\d.]+)", found)}


def output_of(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def number_in(pattern: str, text: str) -> float:
    return round(float(re.findall(pattern, text)[0]), 1)


def after_new_data(
    settings: Settings, port: int, headers: dict[str, str], times: int = 7
) -> dict[str, float]:
    """Milliseconds of the first answer of each board route after the data have a new version."""
    taken: dict[str, list[float]] = {}
    for _ in range(times):
        for name in ("risk_metrics", "prioritized"):
            with psycopg.connect(settings.url("owner")) as connection:
                connection.execute(
                    "update app.publications set data_version = data_version + 1 where organization_id = %s",
                    [ORGANIZATION],
                )
            time.sleep(0.05)
            began = time.perf_counter()
            ask(port, ROUTES[name], headers)
            taken.setdefault(name, []).append((time.perf_counter() - began) * 1000)
    return {name: round(statistics.median(found), 1) for name, found in taken.items()}


def of_constant(port: int, headers: dict[str, str], seconds: float) -> dict[str, float]:
    """The pace of kept answers that name no patient, and of a 304, as a share of the constant's.

    Each beside a constant of its own, three times: the machine's pace changes from one minute to the next.
    """
    etag = ask(port, ROUTES["risk_metrics"], headers).headers["etag"]
    kept = {name: (ROUTES[name], headers) for name in KEPT}
    kept["not_modified"] = (ROUTES["risk_metrics"], headers | {"If-None-Match": etag})
    found: dict[str, list[float]] = {name: [] for name in kept}
    for name, (path, said) in [*kept.items()] * 3:
        constant = saturate(port, ROUTES["constant"], headers, seconds)["per_second"]
        found[name].append(saturate(port, path, said, seconds)["per_second"] / constant)
    return {name: round(statistics.median(shares), 2) for name, shares in found.items()}


if __name__ == "__main__":
    main()
