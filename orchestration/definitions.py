"""The code location of Dagster: loads `defs/` and lays what holds for all over it; nothing else.

app.organizations -> partitions; app.sync_runs (queued) -> runs; feeds -> dbt models -> checks
Run by `routiq up`; by hand: `dagster definitions validate -m orchestration.definitions`.
"""

import dagster as dg

from orchestration import defs


@dg.definitions
def definitions() -> dg.Definitions:
    return dg.Definitions.merge(
        dg.load_definitions_from_package_module(defs, executor=dg.in_process_executor),
    )
