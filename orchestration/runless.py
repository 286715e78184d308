"""An event of an asset that no run of Dagster's makes: a command's, or what a run says of another asset."""

from typing import TYPE_CHECKING, Any

import psycopg

from warehouse.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

# Dagster keeps one evaluation for each check, run and partition; all that have no run count as of one.
EARLIER = """
delete from dagster.asset_check_executions
where run_id = '' and asset_key = %s and check_name = %s and partition = %s
"""


def report(settings: Settings, instance: "DagsterInstance", event: Any) -> None:
    """Tell Dagster of a materialization, or of a check's evaluation, which takes the earlier one's place."""
    if partition := getattr(event, "check_name", None) and event.partition:
        with psycopg.connect(settings.url("owner")) as connection:
            connection.execute(EARLIER, [event.asset_key.to_string(), event.check_name, partition])
    instance.report_runless_asset_event(event)
