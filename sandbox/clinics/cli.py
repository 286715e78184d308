"""`python -m sandbox generate` and `python -m sandbox truth`."""

import argparse
import sys
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import orjson

from sandbox.clinics.clock import instant_of
from sandbox.clinics.generate import generate
from sandbox.clinics.options import ClinicOptions, Sizes
from sandbox.clinics.truth import truth_at

COUNTS = ("appointments", "group-attendees", "invoices", "notes", "communications")


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    run = {"generate": _generate, "truth": _truth}[arguments.command]
    return run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("generate", help="make a clinic folder from a seed")
    making.add_argument("--out", type=Path, required=True)
    making.add_argument("--seed", type=int, default=1)
    making.add_argument("--patients", type=int, required=True)
    for count in COUNTS:
        making.add_argument(f"--{count}", type=int)
    making.add_argument("--bare", action="store_true", help="what is not ordered is left out altogether")
    making.add_argument("--no-individual-attendees", action="store_true")
    making.add_argument("--name")
    making.add_argument("--time-zone")
    making.add_argument("--country")
    making.add_argument("--api-key")
    making.add_argument("--businesses", type=int)
    making.add_argument("--forbidden", nargs="*", help="resources the key may not read")
    making.add_argument("--as-of", type=datetime.fromisoformat, help="default: now")
    telling = commands.add_parser("truth", help="print what the product must answer about a clinic")
    telling.add_argument("--clinic", type=Path, required=True)
    telling.add_argument("--as-of", type=datetime.fromisoformat, help="default: now")
    return parser


def _sizes(arguments: argparse.Namespace) -> Sizes:
    sizes = Sizes.bare(arguments.patients, 0) if arguments.bare else Sizes.believable(arguments.patients)
    ordered = {name.replace("-", "_"): getattr(arguments, name.replace("-", "_")) for name in COUNTS}
    sizes = replace(sizes, **{name: count for name, count in ordered.items() if count is not None})
    return replace(sizes, individual_attendees=False) if arguments.no_individual_attendees else sizes


def _generate(arguments: argparse.Namespace) -> int:
    given = {
        name: getattr(arguments, name)
        for name in ("name", "time_zone", "country", "api_key", "businesses")
        if getattr(arguments, name) is not None
    }
    as_of = instant_of(arguments.as_of or datetime.now(UTC))
    options = ClinicOptions(
        seed=arguments.seed,
        as_of=as_of,
        sizes=_sizes(arguments),
        forbidden=tuple(arguments.forbidden or ()),
        **given,
    )
    began = time.monotonic()
    counts = generate(options, arguments.out)
    report = {"folder": str(arguments.out), "seconds": round(time.monotonic() - began, 2), "records": counts}
    sys.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


def _truth(arguments: argparse.Namespace) -> int:
    truth = truth_at(arguments.clinic, arguments.as_of or datetime.now(UTC))
    text = orjson.dumps(asdict(truth), default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
    sys.stdout.buffer.write(text + b"\n")
    return 0


def _plain(value: object) -> str:
    """Exact decimals travel as strings."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a {type(value).__name__} is not expected in a truth")
