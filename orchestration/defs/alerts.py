"""What happens when a run fails: the request is closed, somebody is told. No patient text is in either."""

import dagster as dg

from orchestration.defs.ingestion import SYNC_RUN_TAG
from orchestration.defs.sync_requests import give_up_request
from orchestration.settings import PlatformSettings
from warehouse.settings import Settings

WILL_RETRY_TAG = "dagster/will_retry"


@dg.run_failure_sensor(
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Closes requests that nobody will finish; tells ROUTIQ_ALERT_URLS, if set.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    run = context.dagster_run
    if run.tags.get(WILL_RETRY_TAG) == "true":
        return
    if sync_run_id := run.tags.get(SYNC_RUN_TAG):
        give_up_request(Settings.load(), sync_run_id, run.run_id)
    if addresses := PlatformSettings().alert_urls.replace(",", " ").split():
        partition = run.tags.get("dagster/partition", "all organizations")
        _tell(addresses, f"Routiq: {run.job_name} failed", f"{partition}, run {run.run_id}")


def _tell(addresses: list[str], title: str, body: str) -> None:
    from apprise import Apprise  # noqa: PLC0415 - only those who are alerted wait for it

    messenger = Apprise()
    messenger.add(addresses)
    messenger.notify(title=title, body=body)
