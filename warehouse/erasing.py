"""Erased means erased: whom Cliniko no longer holds, and who is erased on request, lose all that is theirs.

Rows that count keep ids and instants; names, numbers, addresses, dates of birth and texts go, from every
version in the raw log, from what was built of it, from the outreach log. What is blanked moves into a load of
its own, so that the ordinary build carries it on, and a rebuild from the raw log comes to the same.

As the owner, since the loader changes nothing. Whoever calls holds the right to build, lest a build that runs
reads half of it.
"""

from collections.abc import Collection

import psycopg
from psycopg import sql

from warehouse.blanking import FREE_TEXT, Erasure, Table, blank, bury, tables_of_patients
from warehouse.erased import erased_patients, remember
from warehouse.settings import Settings

ORDER = "updated_at desc nulls last, seen_at desc, _dlt_id desc"
GONE = f"""
with recursive accepted as (
    select version.* from raw_cliniko.patients as version
    join app.loads on loads.organization_id = version.organization_id and loads.load_id = version._dlt_load_id
    where version.organization_id = %(organization_id)s
),
latest as (select distinct on (id) id, purged_at from accepted order by id, {ORDER}),
links as (
    select distinct on (id) id, merged_with_patient_id as into_id
    from accepted where purged_at is null order by id, {ORDER}
),
gone as (
    select id from latest where purged_at is not null
    union
    select links.id from links join gone on links.into_id = gone.id
)
select id from gone
"""
PERSON = f"""
with recursive links as (
    select distinct on (id) id, merged_with_patient_id as into_id
    from raw_cliniko.patients
    where organization_id = %(organization_id)s and purged_at is null order by id, {ORDER}
),
edges as (
    select id, into_id from links where into_id is not null
    union all
    select into_id, id from links where into_id is not null
),
person as (
    select distinct id from raw_cliniko.patients
    where organization_id = %(organization_id)s and id = %(patient_id)s
    union
    select edges.into_id from edges join person on edges.id = person.id
)
select id from person order by length(id), id
"""
RECORDS = """
select distinct id from raw_cliniko.patients where organization_id = %(organization_id)s
union
select distinct patient_id from app.outreach_log where organization_id = %(organization_id)s
"""
LOAD = """
insert into app.loads (organization_id, load_id, sync_run_id, fence)
select %(organization_id)s, %(load_id)s, coalesce(last.id, gen_random_uuid()), coalesce(last.fence, 0)
from (select) as always
-- the last run that counts: what was erased makes the data no fresher
left join lateral (
    select id, fence from app.sync_runs
    where organization_id = %(organization_id)s and is_accepted order by finished_at desc limit 1
) as last on true
"""
AUDIT = """
insert into app.audit_log
    (organization_id, actor, role, action, route, patient_ids, query, outcome, request_id)
values (%(organization_id)s, %(actor)s, 'operator', 'erase', %(route)s, %(patient_ids)s, '{}', 'erased',
    %(load_id)s)
"""


class ErasingError(RuntimeError):
    """Nothing was changed; the message says what to do."""


def erase_patient(settings: Settings, organization_id: str, patient_id: str, actor: str) -> Erasure:
    """Erase a person, with every record that was merged with theirs, and never let them in again.

    Raises:
        ErasingError: there is no such organization or patient, or a sync of it runs.
    """
    with psycopg.connect(settings.url("owner")) as connection:
        lock_organization(connection, organization_id)
        named = {"organization_id": organization_id, "patient_id": patient_id}
        person = [row[0] for row in connection.execute(PERSON, named).fetchall()]
        if not person:
            raise ErasingError(f"{organization_id} has no patient {patient_id}: Cliniko's id is expected")
        erasure = Erasure(organization_id, person)
        remember(settings, connection, organization_id, person)
        _erase(connection, erasure, requested=person)
        _record(connection, erasure, actor, "routiq erase-patient")
    return erasure


def erase_the_gone(settings: Settings, actor: str = "routiq") -> list[Erasure]:
    """Erase whom Cliniko no longer holds, and whoever was erased on request and is back; what it came to."""
    with psycopg.connect(settings.url("owner")) as connection:
        organizations = connection.execute("select organization_id from app.organizations order by 1")
        names = [row[0] for row in organizations.fetchall()]
        connection.commit()
        done = [_erase_the_gone_of(settings, connection, name, actor) for name in names]
    return [erasure for erasure in done if erasure.rows]


def _erase_the_gone_of(
    settings: Settings, connection: psycopg.Connection, organization_id: str, actor: str
) -> Erasure:
    named = {"organization_id": organization_id}
    with connection.transaction():
        gone = {row[0] for row in connection.execute(GONE, named).fetchall()}
        back: set[str] = set()
        if erased := erased_patients(settings, connection, organization_id):
            back = {row[0] for row in connection.execute(RECORDS, named).fetchall() if row[0] in erased}
            remember(settings, connection, organization_id, back)
        erasure = Erasure(organization_id, sorted(gone | back))
        if erasure.patient_ids:
            _erase(connection, erasure, requested=sorted(back))
        if erasure.rows:
            _record(connection, erasure, actor, "daily")
    return erasure


def lock_organization(connection: psycopg.Connection, organization_id: str) -> None:
    """From here to the commit no sync of it begins; one that runs already is not to be disturbed.

    Raises:
        ErasingError: there is no such organization, or a sync of it runs.
    """
    known = connection.execute(
        "select from app.organizations where organization_id = %s for no key update", [organization_id]
    ).fetchone()
    if known is None:
        raise ErasingError(f"no organization is called {organization_id}; see `routiq org list`")
    running = connection.execute(
        "select from app.sync_runs where organization_id = %s and status = 'running'"
        " and lease_expires_at > now()",
        [organization_id],
    ).fetchone()
    if running is not None:
        raise ErasingError(f"a sync of {organization_id} is running; try again when it has ended")


def _erase(connection: psycopg.Connection, erasure: Erasure, requested: Collection[str]) -> None:
    for table in tables_of_patients(connection, "raw_cliniko", "staging", "marts"):
        if table.personal:
            if table.schema == "raw_cliniko" and requested:
                bury(connection, table, erasure, requested)
            blank(connection, table, erasure)
    for table in tables_of_patients(connection, "app"):
        personal = FREE_TEXT.get(table.name, ())
        blank(connection, Table("app", table.name, "patient_id", personal, personal), erasure)
    for table in tables_of_patients(connection, "candidates"):
        query = sql.SQL("delete from {} where organization_id = %s and patient_id = any(%s)")
        connection.execute(query.format(table.identifier), [erasure.organization_id, erasure.patient_ids])
    if erasure.has_touched("raw_cliniko"):
        connection.execute(LOAD, vars(erasure))
    if erasure.has_touched("marts", "app"):
        connection.execute(
            "update app.publications set data_version = data_version + 1 where organization_id = %s",
            [erasure.organization_id],
        )


def _record(connection: psycopg.Connection, erasure: Erasure, actor: str, route: str) -> None:
    connection.execute(AUDIT, {**vars(erasure), "actor": actor, "route": route})


def vacuum(settings: Settings, erasures: Collection[Erasure]) -> None:
    """Dead rows go, and with new statistics the samples of values that the planner keeps."""
    tables = sorted({table for erasure in erasures for table in erasure.rows})
    with psycopg.connect(settings.url("owner"), autocommit=True) as connection:
        for table in tables:
            query = sql.SQL("vacuum (analyze) {}").format(sql.Identifier(*table.split(".")))
            connection.execute(query)
