"""Publishing is one transaction: readers see one generation, or the next, and no error."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from orchestration.dbt.build import (
    PROJECT,
    REPOSITORY,
    BuildError,
    BuildProgress,
    build,
    dbt_arguments,
    dbt_environment,
)
from tests.dbt_project.clinic import Clinic, as_api
from tests.dbt_project.generations import FIRST, draw
from tests.dbt_project.readers import Ask, Seen, reading, relations
from warehouse.settings import Settings

# Not moved by a build: syncs are seen as they end.
LIVE = {"sync_health"}
MOVED = {
    *("dim_patients", "dim_practitioners", "dim_appointment_types", "dim_businesses", "dim_organizations"),
    *("fct_visits", "fct_invoices", "fct_contacts", "fct_patient_cases", "visits_as_of", "active_patients"),
    *("contacts_with_appointments", "patient_reengagement_master_view"),
}
Generation = dict[str, str]


def in_one_statement(names: list[str]) -> Ask:
    parts = [
        sql.SQL("(select md5(string_agg(row::text, '|' order by row::text)) from {} as row) as {}").format(
            sql.Identifier("marts", name), sql.Identifier(name)
        )
        for name in names
    ]
    version = sql.SQL("(select data_version::text from app.publications) as data_version")
    statement = sql.SQL("select {}").format(sql.SQL(", ").join([version, *parts]))

    def ask(connection: psycopg.Connection[dict[str, Any]]) -> object:
        return connection.execute(statement).fetchone()

    return ask


def one_after_the_other(names: list[str]) -> Ask:
    """A statement for each relation; their snapshot is one."""
    asks = [in_one_statement([name]) for name in names]

    def ask(connection: psycopg.Connection[dict[str, Any]]) -> object:
        connection.execute("set transaction isolation level repeatable read")
        answer: Generation = {}
        for one in asks:
            answer |= one(connection)  # type: ignore[call-overload]
        return answer

    return ask


class Releases:
    """What was readable after each build, and what readers saw meanwhile."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.names = [name for name in relations(settings, "rv") if name not in LIVE]
        self.generations = [self.now()]
        self.seen: list[Seen] = []

    def now(self) -> Generation:
        with as_api(self.settings, FIRST) as connection:
            answer: Generation = in_one_statement(self.names)(connection)  # type: ignore[assignment]
        return answer

    def build(self, progress: Callable[[BuildProgress], None] | None = None) -> None:
        asks = [in_one_statement(self.names), one_after_the_other(self.names)]
        try:
            with reading(self.settings, FIRST, *asks) as seen:
                build(self.settings, progress=progress)
        finally:
            self.seen.append(seen)
            self.generations.append(self.now())

    def unpublished(self) -> int:
        with psycopg.connect(self.settings.url("owner")) as connection:
            row = connection.execute("select count(*) from app.loads where published_at is null").fetchone()
        return int(row[0]) if row else 0


@pytest.fixture(scope="module")
def releases(module_warehouse: Settings) -> Releases:
    for organization_id in (FIRST, "org_other"):
        Clinic(module_warehouse, organization_id).create().accept()
    draw(module_warehouse, 1)
    build(module_warehouse)
    return Releases(module_warehouse)


def test_a_failing_model_publishes_nothing_for_anybody_and_says_so(releases: Releases) -> None:
    settings = releases.settings
    draw(settings, 2)
    Clinic(settings, "org_other").accept()
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute("alter table staging.stg_cliniko__invoices rename column number to numero")
    with pytest.raises(BuildError, match=r"published nothing .*stg_cliniko__invoices"):
        releases.build()
    assert releases.generations[1] == releases.generations[0]
    assert releases.unpublished() == 2


def test_nothing_is_published_of_what_another_build_computed(releases: Releases) -> None:
    """What a dbt does that nobody waits for any more: it computes the same table, from other loads."""
    with psycopg.connect(releases.settings.url("owner")) as connection:
        connection.execute("alter table staging.stg_cliniko__invoices rename column numero to number")

    def interfere(progress: BuildProgress) -> None:
        if progress.step == "fct_contacts":
            with psycopg.connect(releases.settings.url("owner")) as connection:
                connection.execute(
                    "create table candidates.other as table candidates.fct_contacts with no data"
                )
                connection.execute("drop table candidates.fct_contacts")
                connection.execute("alter table candidates.other rename to fct_contacts")

    with pytest.raises(BuildError, match="publication"):
        build(releases.settings, progress=interfere)
    assert releases.now() == releases.generations[0]
    assert releases.unpublished() == 2


def test_a_new_model_that_readers_would_see_is_waited_for(
    releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No list names it: whatever is served holds publishing back until it is there."""
    project = shutil.copytree(PROJECT, tmp_path / "project", ignore=shutil.ignore_patterns("target", "logs"))
    (project / "models" / "marts" / "answers" / "newcomer.sql").write_text("select missing from pg_class")
    (project / "models" / "marts" / "answers" / "newcomer.yml").write_text(
        "models: [{name: newcomer, columns: [{name: missing, data_type: text}]}]"
    )
    monkeypatch.setattr("orchestration.dbt.build.PROJECT", project)
    with pytest.raises(BuildError, match=r"failed: newcomer\)"):
        build(releases.settings)
    assert releases.now() == releases.generations[0]
    assert releases.unpublished() == 2


def test_a_part_of_a_build_publishes_nothing(releases: Releases) -> None:
    command = [str(Path(sys.executable).parent / "dbt"), *dbt_arguments("--select", "+fct_contacts")]
    environment = os.environ | dbt_environment(releases.settings)
    subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, check=True)
    assert releases.now() == releases.generations[0]
    assert releases.unpublished() == 2


MARKS = """
select first_name, practitioner_name, appointment_type_name, currency_symbol, type_code::text,
    round(total_amount)::text as total_amount
from marts.dim_patients, marts.dim_practitioners, marts.dim_appointment_types, marts.dim_organizations,
    marts.fct_contacts, marts.fct_invoices
"""


def test_the_next_build_publishes_what_failed_and_nothing_that_came_meanwhile(releases: Releases) -> None:
    def accept_more(progress: BuildProgress) -> None:
        if progress.step == "int_loads_touched":
            draw(releases.settings, 3)

    releases.build(accept_more)
    before, after = releases.generations[-2:]
    assert {name for name in releases.names if before[name] != after[name]} >= MOVED
    [marks] = Clinic(releases.settings, FIRST).ask(MARKS)
    assert set(marks.values()) == {"2"}
    assert releases.unpublished() == 1


def test_readers_see_one_generation_or_the_next(releases: Releases) -> None:
    for seen, before, after in zip(
        releases.seen, releases.generations, releases.generations[1:], strict=False
    ):
        assert seen.errors == []
        assert len(seen.answers) > 20
        assert [answer for answer in seen.answers if answer not in (before, after)] == []
