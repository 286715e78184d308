"""`routiq --help` answers at once: what is heavy waits until a command needs it."""

import subprocess
import sys


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from operations.cli import app\n"
        "print(CliRunner().invoke(app, ['--help']).stdout)\n"
        "heavy = {'dagster', 'dlt', 'dbt', 'fastapi', 'sqlalchemy', 'pandas'} & set(sys.modules)\n"
        "sys.exit(f'imported: {sorted(heavy)}' if heavy else 0)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    for command in ("up", "down", "status", "doctor", "org", "sync", "build", "token", "audit"):
        assert f"  {command} " in told.stdout
