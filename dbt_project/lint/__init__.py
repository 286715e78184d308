"""Stand-ins for what dbt gives to a template, so that sqlfluff can render the models without a database."""

from pathlib import Path
from types import SimpleNamespace

import yaml

_VARS = yaml.safe_load((Path(__file__).parent.parent / "dbt_project.yml").read_text())["vars"]

flags = SimpleNamespace(FULL_REFRESH=False, WHICH="lint")
execute = False


def var(name: str) -> object:
    return _VARS[name]
