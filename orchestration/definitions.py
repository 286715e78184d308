"""The code location of Dagster: loads `defs/` and lays what holds for all over it; nothing else.

app.organizations -> partitions; app.sync_runs (queued) -> runs; feeds -> dbt models -> checks
`routiq up` runs it. Every step runs in the process of its run: a process of its own would import for seconds.
"""

from pathlib import Path

import dagster as dg


@dg.definitions
def definitions() -> dg.Definitions:
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
        dg.Definitions(executor=dg.in_process_executor),
    )
