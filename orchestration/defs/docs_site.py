"""The dbt docs site as an asset: made anew each night, so that it shows the tables as they are."""

import dagster as dg

from orchestration.dbt.docs_site import make_docs_site
from orchestration.defs.transformation import PUBLICATION
from warehouse.settings import Settings


@dg.asset(
    deps=[PUBLICATION],
    group_name="docs",
    kinds={"dbt"},
    description="Models, columns, tests and lineage as one page; `routiq docs` makes it too.",
)
def docs_site() -> dg.MaterializeResult[None]:
    page = make_docs_site(Settings.load())
    return dg.MaterializeResult(metadata={"page": str(page), "bytes": page.stat().st_size})


docs_schedule = dg.ScheduleDefinition(
    name="docs_site_schedule",
    target=docs_site,
    cron_schedule="37 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
