"""The daily job erases whom Cliniko no longer holds."""

import dagster as dg
import psycopg

from tests.dbt_project.clinic import Clinic
from warehouse.settings import Settings


def test_the_daily_job_erases_whom_cliniko_no_longer_holds(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings
) -> None:
    clinic = Clinic(dagster_warehouse, "org_c").create()
    clinic.patient("1", last_name="Gone")
    clinic.patient("2", last_name="Stays")
    clinic.purge("patients", "1")
    clinic.accept()
    (left := dagster_warehouse.home / "dlt" / "cliniko_org_c.rows").mkdir(parents=True)
    with dg.DagsterInstance.ephemeral() as instance:
        done = code.get_job("daily").execute_in_process(instance=instance, raise_on_error=False)
        succeeded = {event.step_key for event in done.get_step_success_events()}
    assert "erase_the_gone" in succeeded
    with psycopg.connect(dagster_warehouse.url("owner")) as connection:
        names = connection.execute(
            "select distinct last_name from raw_cliniko.patients where last_name <> ''"
        )
        assert names.fetchall() == [("Stays",)]
    assert not left.exists(), "what a killed sync left holds patients too"
