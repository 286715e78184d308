"""Organizations are the partitions of all feeds: a sensor keeps them equal to `app.organizations`."""

import dagster as dg
import psycopg

from warehouse.settings import Settings

organizations = dg.DynamicPartitionsDefinition(name="organizations")
PARTITIONS = "organizations"


def active_organizations(settings: Settings, *, only_enabled: bool = False) -> list[str]:
    """Ids of the organizations that are kept up; with `only_enabled`, those that sync by the hour."""
    with psycopg.connect(settings.url("loader"), connect_timeout=5) as connection:
        rows = connection.execute(
            "select organization_id from app.organizations"
            " where is_active and (sync_enabled or not %s) order by organization_id",
            [only_enabled],
        )
        return [str(row[0]) for row in rows]


@dg.sensor(
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Adds and removes partitions as organizations come and go.",
)
def organizations_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    wanted = active_organizations(Settings.load())
    known = context.instance.get_dynamic_partitions(PARTITIONS)
    added = [name for name in wanted if name not in known]
    removed = [name for name in known if name not in wanted]
    if not added and not removed:
        return dg.SkipReason(f"{len(known)} organizations, none new or gone")
    requests: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if added:
        requests.append(organizations.build_add_request(added))
    if removed:
        requests.append(organizations.build_delete_request(removed))
    return dg.SensorResult(dynamic_partitions_requests=requests)
