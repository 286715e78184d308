"""`python -m sandbox NAME ...`: only the dispatch. Each command's module is imported when it is asked for."""

import importlib
import sys
from dataclasses import dataclass

from sandbox.errors import SandboxError


@dataclass(frozen=True)
class Command:
    """A module with `main(argv) -> int`; `prefix` goes before argv where a module has several commands."""

    module: str
    summary: str
    prefix: tuple[str, ...] = ()


COMMANDS = {
    "cliniko": Command("sandbox.cliniko.cli", "serve clinics as Cliniko's REST API"),
    "generate": Command("sandbox.clinics.cli", "make a clinic from a seed", ("generate",)),
    "truth": Command("sandbox.clinics.cli", "what is true of a generated clinic at a time", ("truth",)),
    "clerk": Command("sandbox.clerk.issuer", "serve as the issuer of tokens"),
}


def usage() -> str:
    lines = [f"  {name:10} {command.summary}" for name, command in COMMANDS.items()]
    return "usage: python -m sandbox COMMAND [--help] ...\n\ncommands:\n" + "\n".join(lines)


def main(argv: list[str]) -> int:
    if not argv or argv[0] in {"-h", "--help"}:
        sys.stdout.write(usage() + "\n")
        return 0 if argv else 2
    command = COMMANDS.get(argv[0])
    if command is None:
        sys.stderr.write(f"sandbox: unknown command {argv[0]!r}\n{usage()}\n")
        return 2
    try:
        result: int | None = importlib.import_module(command.module).main([*command.prefix, *argv[1:]])
    except SandboxError as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    return result or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
