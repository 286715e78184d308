"""How fast, how lean and how frugal a first load and a quiet sync are. One command, one JSON document.

    python -m bench.ingestion                      62,000 patients and 110,000 appointments, limit lifted
    python -m bench.ingestion --full               and classes, invoices, notes, communications
    python -m bench.ingestion --paced --patients 1500   with Cliniko's limit on: pace against what is allowed

Makes its clinic, its Cliniko and its warehouse in a temporary folder and leaves nothing behind. Each sync is
the `routiq sync` that a person runs, in a process of its own, whose peak memory is what the kernel says.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ingestion.cliniko.feeds import FEEDS
from ingestion.cliniko.paging import PER_PAGE
from sandbox.cliniko.running import run_cliniko
from warehouse.bootstrap import embedded_server, prepare_warehouse
from warehouse.settings import Settings, ensure_secrets

ROUTIQ = str(Path(sys.executable).with_name("routiq"))
FULL = ("--group-attendees 20000", "--invoices 90000", "--notes 60000", "--communications 150000")


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="routiq-bench-") as folder:
        clinic = _generate(Path(folder), options)
        home = Path(folder) / "home"
        port = _free_port()
        settings = Settings(  # type: ignore[call-arg]
            home=home, postgres_port=port, DATABASE_URL=None, _env_file=ensure_secrets(home)
        )
        prepare_warehouse(settings)
        try:
            with run_cliniko([clinic], rate_limit=200 if options.paced else None) as address:
                print(json.dumps(_measure(clinic, address, settings, options), indent=2))
        finally:
            embedded_server(settings).remove()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--patients", type=int, default=62_000)
    parser.add_argument("--appointments", type=int)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--paced", action="store_true")
    return parser.parse_args()


def _generate(folder: Path, options: argparse.Namespace) -> Path:
    appointments = options.appointments or options.patients * 110 // 62
    more = [word for part in FULL for word in part.split()] if options.full else ["--bare"]
    more += ["--no-individual-attendees"]
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)  # or the overlap would find much to read again
    more += ["--as-of", an_hour_ago.strftime("%Y-%m-%dT%H:%M:%SZ")]
    clinic = folder / "bench"
    command = [sys.executable, "-m", "sandbox", "generate", "--out", str(clinic), "--seed", "1"]
    command += ["--patients", str(options.patients), "--appointments", str(appointments), *more]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return clinic


def _measure(clinic: Path, address: str, settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    environment = {
        **os.environ,
        "ROUTIQ_HOME": str(settings.home),
        "ROUTIQ_POSTGRES_PORT": str(settings.postgres_port),
        "ROUTIQ_CLINIKO_REQUESTS_PER_MINUTE": "200" if options.paced else "0",
    }
    key = tomllib.loads((clinic / "clinic.toml").read_text())["api_key"]
    command = [ROUTIQ, "org", "add", "--id", "bench", "--name", "Bench", "--base-url", address]
    command += ["--api-key-file", "-"]
    subprocess.run(command, input=key, text=True, check=True, env=environment, stdout=subprocess.DEVNULL)
    _requests(address)
    first = _sync(environment, address)
    quiet = _sync(environment, address)
    return {
        "records": sum(_lines(clinic).values()),
        "fewest_requests": _fewest(clinic),
        "first": first,
        "quiet": quiet,
        **({"pace": _pace(first)} if options.paced else {}),
    }


def _sync(environment: dict[str, str], address: str) -> dict[str, Any]:
    """One `routiq sync`: wall time with the start of Python, and the kernel's word on its memory."""
    began = time.monotonic()
    command = [ROUTIQ, "sync", "bench", "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the sync failed with status {status}")
    result = json.loads(output)
    report = _requests(address)
    return {
        "seconds": round(time.monotonic() - began, 1),
        "seconds_of_sync": result["seconds"],
        "rows_written": result["rows_written"],
        "requests": report["requests"],
        "requests_a_second": round(report["requests"] / result["seconds"], 1),
        "answered_429": report["status_429"],
        "peak_megabytes": round(usage.ru_maxrss / 1024),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
    }


def _requests(address: str) -> dict[str, Any]:
    """What the server counted since the last call."""
    url = f"{address}/_sandbox/clinics/bench/requests"
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own address
        report: dict[str, Any] = json.load(answer)
    urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()  # noqa: S310
    return report


def _lines(clinic: Path) -> dict[str, int]:
    counts = {}
    for path in clinic.glob("*.jsonl"):
        with path.open("rb") as file:
            counts[path.stem] = sum(1 for _ in file)
    return counts


def _fewest(clinic: Path) -> int:
    """A page of 100 for each 100 entries, one for an empty list, the user and the inactive practitioners."""
    counts = _lines(clinic)
    practitioners = (clinic / "practitioners.jsonl").read_text().splitlines()
    counts["practitioners"] = sum(bool(json.loads(line)["active"]) for line in practitioners)
    return 2 + sum(max(1, -(-counts.get(feed.name, 0) // PER_PAGE)) for feed in FEEDS)


def _pace(first: dict[str, Any]) -> dict[str, Any]:
    """The last request may leave once all but 200 have had their minute."""
    full_minutes = max(0, -(-first["requests"] // 200) - 1)
    allowed = full_minutes * 60
    return {
        "seconds_at_least": allowed,
        "share_of_allowed_pace": round(allowed / first["seconds_of_sync"], 3),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
