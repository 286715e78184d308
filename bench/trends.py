"""How fast a year of trends answers, on a clinic drawn by SQL straight into the raw log, with outreach.

    python -m bench.trends --patients 62000 --appointments 110000 --outreach 16000 [--everything]

Prints one JSON document: milliseconds of the view and of its parts, asked as role routiq_api under row-level
security; the API stops a statement after 2,000.
"""

import argparse
import json
import tempfile
from pathlib import Path

from bench.drawn import fill, reach_out
from bench.questions import ask
from orchestration.dbt.build import build
from tests.conftest import free_port
from warehouse.bootstrap import embedded_server, prepare_warehouse
from warehouse.settings import Settings, ensure_secrets

QUESTIONS = {
    "trends": "select * from marts.reengagement_daily order by day",
    "risk": "select sum(critical + new_at_risk + reengaged_successfully) from marts.risk_daily",
    "outreach": "select sum(outreach_attempts + appointments_scheduled) from marts.outreach_daily",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=62_000)
    parser.add_argument("--appointments", type=int, default=110_000)
    parser.add_argument("--outreach", type=int, default=16_000)
    parser.add_argument("--everything", action="store_true", help="classes, invoices, notes, messages too")
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
            print(json.dumps(run(settings, options), indent=1))
        finally:
            embedded_server(settings).remove()


def run(settings: Settings, options: argparse.Namespace) -> dict[str, object]:
    fill(settings, "org_big", options.patients, options.appointments, everything=options.everything)
    reach_out(settings, "org_big", options.patients, options.outreach)
    build(settings)
    return {
        "patients": options.patients,
        "outreach": options.outreach,
        "milliseconds": {name: ask(settings, "org_big", query, times=5) for name, query in QUESTIONS.items()},
    }


if __name__ == "__main__":
    main()
