"""A run's transitions have one text each, all of them in one place."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRITES = re.compile(r"(insert\s+into|update)\s+app\.sync_runs\b", re.IGNORECASE)


def test_nobody_else_writes_them() -> None:
    files = (
        file
        for room in ("ingestion", "orchestration", "operations", "serving", "warehouse", "dbt_project")
        for kind in ("*.py", "*.sql")
        for file in (ROOT / room).rglob(kind)
    )
    writers = {str(file.relative_to(ROOT)) for file in files if WRITES.search(file.read_text())}
    migrations = {name for name in writers if name.startswith("warehouse/migrations/")}
    assert writers - migrations == {"warehouse/sync_runs.py"}
    assert migrations == {"warehouse/migrations/versions/0019_one_text.py"}
