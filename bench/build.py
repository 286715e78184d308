"""How long a build takes, what it reads and writes, and how fast what it built answers.

    python -m bench.build                                   the full clinic, 62,000 patients
    python -m bench.build --patients 5000 --appointments 9000 --bare
    python -m bench.build --organizations 1 100 1000        one of 5,000 patients, the others of 200 each

Prints one JSON document. `full` computes everything again, the others are incremental: nothing new, one
patient, one patient in a thousand (renamed, with a new booking). Of each: seconds in all, seconds within
the nodes as dbt's run_results has it (dbt itself takes some to begin), rows written, and pages of 8 kB that
client sessions found in or brought into shared buffers (pg_stat_io: hits + reads), dbt's own included.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.drawn import fill, reach_out, touch
from bench.questions import answers, explain
from orchestration.dbt.build import build, dbt_home
from tests.conftest import free_port
from warehouse.bootstrap import embedded_server, prepare_warehouse
from warehouse.settings import Settings, ensure_secrets

LARGE, SMALL = (5_000, 9_000), (200, 400)  # patients, appointments
OUTREACH_ONE_IN = 4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=62_000)
    parser.add_argument("--appointments", type=int, default=110_000)
    parser.add_argument("--bare", action="store_true", help="no classes, invoices, notes, messages")
    parser.add_argument("--organizations", type=int, nargs="+", help="so many, one after the other")
    parser.add_argument("--explain", help="print the plan of this question instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(  # type: ignore[call-arg]
            home=Path(home),
            postgres_port=free_port(),
            DATABASE_URL=None,
            _env_file=ensure_secrets(Path(home)),
        )
        try:
            prepare_warehouse(settings)
            if options.organizations:
                print(json.dumps(several(settings, options.organizations), indent=1))
            else:
                one(settings, options)
        finally:
            embedded_server(settings).remove()


def one(settings: Settings, options: argparse.Namespace) -> None:
    raw_rows = fill(
        settings, "org_large", options.patients, options.appointments, everything=not options.bare
    )
    reach_out(settings, "org_large", options.patients, options.patients // OUTREACH_ONE_IN)
    first = measured(settings)
    if options.explain:
        print(explain(settings, "org_large", options.explain))
        return
    figures = {"patients": options.patients, "appointments": options.appointments, "raw_rows": raw_rows}
    builds = {"first": first} | builds_of(settings, options.patients)
    print(json.dumps(figures | builds | {"milliseconds": answers(settings, "org_large")}, indent=1))


def several(settings: Settings, counts: list[int]) -> dict[str, Any]:
    """The same figures among more and more organizations."""
    fill(settings, "org_large", *LARGE, everything=False)
    reach_out(settings, "org_large", LARGE[0], LARGE[0] // OUTREACH_ONE_IN)
    figures = {}
    present = 1
    for count in counts:
        for number in range(present, count):
            fill(settings, f"org_{number}", *SMALL, everything=False)
            reach_out(settings, f"org_{number}", SMALL[0], SMALL[0] // OUTREACH_ONE_IN)
        present = count
        build(settings)
        builds = builds_of(settings, LARGE[0] + SMALL[0] * (count - 1))
        figures[f"{count} organizations"] = builds | {
            "milliseconds_large": answers(settings, "org_large"),
            **({"milliseconds_small": answers(settings, "org_1")} if count > 1 else {}),
        }
    return figures


def builds_of(settings: Settings, patients: int) -> dict[str, Any]:
    measures = {"full": measured(settings, full=True), "nothing_new": measured(settings)}
    for name, count in {"one_patient": 1, "one_in_a_thousand": max(1, patients // 1_000)}.items():
        organizations = touch(settings, count, str(time.time()))
        measures[name] = {"patients": count, "organizations": organizations, **measured(settings)}
    return measures | {"one_in_a_thousand_of_full": shares(measures)}


def shares(measures: dict[str, dict[str, Any]]) -> dict[str, float]:
    """What a thousandth costs of a full build; beyond what a build of nothing costs, which is dbt's own."""
    full, nothing, some = (measures[name] for name in ("full", "nothing_new", "one_in_a_thousand"))
    beyond = {
        f"{name}_beyond_nothing_new": (some[name] - nothing[name]) / (full[name] - nothing[name])
        for name in ("seconds", "node_seconds", "pages")
    }
    return {
        name: round(share, 3)
        for name, share in {"seconds": some["seconds"] / full["seconds"], **beyond}.items()
    }


def measured(settings: Settings, *, full: bool = False) -> dict[str, Any]:
    before = pages(settings)
    result = build(settings, full=full)
    nodes = json.loads((dbt_home(settings) / "target" / "run_results.json").read_text())["results"]
    return {
        "seconds": result.seconds,
        "node_seconds": round(sum(node["execution_time"] for node in nodes), 2),
        "rows_written": result.rows_written,
        "pages": pages(settings) - before,
    }


def pages(settings: Settings) -> int:
    with psycopg.connect(settings.url("owner")) as connection:
        row = connection.execute(
            "select sum(hits + reads) from pg_stat_io where backend_type = 'client backend'"
        ).fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    main()
