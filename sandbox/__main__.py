"""`python -m sandbox <command>`: the outside world on loopback, for tests and the demo."""

import importlib
import sys

COMMANDS = {
    "generate": "sandbox.clinics.cli",
    "truth": "sandbox.clinics.cli",
}


def main(argv: list[str]) -> int:
    module = COMMANDS.get(argv[0]) if argv else None
    if module is None:
        sys.stderr.write(f"usage: python -m sandbox {{{','.join(COMMANDS)}}} ...\n")
        return 2
    answer: int = importlib.import_module(module).main(argv)
    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
