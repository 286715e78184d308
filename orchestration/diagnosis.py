"""What may be wrong with an installation, and what to do about each: the facts behind `routiq doctor`.

Every check looks at one thing, changes nothing, and says what to do. One that cannot look says why.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from alembic.script import ScriptDirectory

from orchestration.dbt_manifest import is_current
from orchestration.errors import CommandError
from orchestration.oddities import find_oddities
from orchestration.overview import organizations
from orchestration.platform import programs
from orchestration.readiness import check_ports_free, daemons_healthy
from orchestration.settings import PlatformSettings
from orchestration.supervision import Supervisor
from warehouse.bootstrap import alembic_config, embedded_server
from warehouse.organizations import api_key_of, list_organizations
from warehouse.sealing import SealError
from warehouse.settings import Settings
from warehouse.wall import find_holes

UP = "run `routiq up`"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `remedy` is empty when all is well."""

    subject: str
    detail: str
    remedy: str = ""

    @property
    def is_well(self) -> bool:
        return not self.remedy


def examine(settings: Settings, platform: PlatformSettings) -> list[Finding]:
    """Look at everything; a check that breaks is a finding, not an end."""
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("state", lambda: _state(settings.home)),
        ("sign-in", lambda: _sign_in(platform)),
        ("ports", lambda: _ports(settings, platform)),
        ("database", lambda: _database(settings)),
        ("migrations", lambda: _migrations(settings)),
        ("wall", lambda: _wall(settings)),
        ("Cliniko keys", lambda: _keys(settings)),
        ("dbt manifest", lambda: _manifest(settings)),
        ("processes", lambda: _processes(settings, platform)),
        ("syncs", lambda: _syncs(settings)),
        ("data", lambda: _data(settings)),
    ]
    findings: list[Finding] = []
    for subject, check in checks:
        try:
            findings += list(check())
        except psycopg.Error as error:
            findings.append(Finding(subject, f"cannot look: {type(error).__name__}", UP))
    return findings


def _state(home: Path) -> Iterator[Finding]:
    for path, allowed in ((home, 0o700), (home / "secrets.env", 0o600)):
        if not path.exists():
            yield Finding("state", f"{path} is missing", UP)
        elif path.stat().st_mode & 0o777 & ~allowed:
            yield Finding("state", f"{path} can be read by others", f"run `chmod {allowed:o} {path}`")
        else:
            yield Finding("state", f"{path} is there and closed to others")


def _sign_in(platform: PlatformSettings) -> Iterator[Finding]:
    try:
        platform.require_sign_in()
    except CommandError as error:
        yield Finding("sign-in", str(error), "set it in the environment or in .env")
    else:
        yield Finding("sign-in", f"tokens of {platform.clerk_issuer} are taken")


def _ports(settings: Settings, platform: PlatformSettings) -> Iterator[Finding]:
    supervisor = Supervisor(settings.home)
    for program in programs(settings, platform):
        if program.port is None:
            continue
        try:
            check_ports_free([program], supervisor)
        except CommandError:
            yield Finding(
                "ports",
                f"{program.port} is taken by another program",
                f"stop that program, or set {program.port_setting} to a free port",
            )
        else:
            yield Finding("ports", f"{program.port} is ours or free")


def _database(settings: Settings) -> Iterator[Finding]:
    with psycopg.connect(settings.url("owner"), connect_timeout=3) as connection:
        row = connection.execute("select current_setting('server_version')").fetchone()
        version = row[0] if row else "?"
    if settings.is_embedded:
        with psycopg.connect(settings.url("admin"), connect_timeout=3) as connection:
            row = connection.execute("show data_directory").fetchone()
        ours = embedded_server(settings).data.resolve()
        if row is None or Path(row[0]).resolve() != ours:
            yield Finding(
                "database", f"port {settings.postgres_port} has another cluster", "set ROUTIQ_POSTGRES_PORT"
            )
            return
    yield Finding("database", f"PostgreSQL {version} answers, and it is ours")


def _migrations(settings: Settings) -> Iterator[Finding]:
    wanted = ScriptDirectory.from_config(alembic_config(settings)).get_current_head()
    with psycopg.connect(settings.url("owner"), connect_timeout=3) as connection:
        row = connection.execute("select version_num from app.alembic_version").fetchone()
        present = row[0] if row else None
    if present == wanted:
        yield Finding("migrations", f"the schema is at {present}, the newest")
    else:
        yield Finding("migrations", f"the schema is at {present}, the newest is {wanted}", UP)


def _wall(settings: Settings) -> Iterator[Finding]:
    with psycopg.connect(settings.url("owner")) as connection:
        holes = find_holes(connection)
    for hole in holes:
        yield Finding("wall", hole, f"{UP} and `routiq build`; the API does not serve until then")
    if not holes:
        yield Finding("wall", "every table that the API reads is walled by organization")


def _keys(settings: Settings) -> Iterator[Finding]:
    for one in list_organizations(settings):
        again = f"store it again: `routiq org rotate-key {one.organization_id} ...`"
        if settings.old_master_key_bytes() is not None:
            again = f"`routiq org rewrap` if it is of ROUTIQ_MASTER_KEY_OLD, else {again}"
        if one.base_url is None:
            yield Finding("Cliniko keys", f"{one.organization_id} has none", again)
            continue
        try:
            api_key_of(settings, one.organization_id)
        except SealError:
            yield Finding("Cliniko keys", f"{one.organization_id}'s does not open", again)
        else:
            yield Finding("Cliniko keys", f"{one.organization_id}'s opens")


def _manifest(settings: Settings) -> Iterator[Finding]:
    if is_current(settings.home):
        yield Finding("dbt manifest", "is that of the dbt project as it is")
    else:
        yield Finding("dbt manifest", "is missing or older than the dbt project", UP)


def _processes(settings: Settings, platform: PlatformSettings) -> Iterator[Finding]:
    supervisor = Supervisor(settings.home)
    states = {process.name: process.state for process in supervisor.processes()}
    for program in programs(settings, platform):
        state = states.get(program.name, "not started")
        if state == "RUNNING":
            yield Finding("processes", f"{program.name} runs")
        else:
            log = supervisor.layout.logs / f"{program.name}.log"
            yield Finding("processes", f"{program.name}: {state.lower()}", f"{UP}; its log is {log}")
    if states and not daemons_healthy(platform):
        log = supervisor.layout.logs / "dagster-daemon.log"
        yield Finding("processes", "a daemon of Dagster is not healthy", f"see {log}; then `routiq up`")


def _syncs(settings: Settings) -> Iterator[Finding]:
    for row in organizations(settings):
        name = row["organization_id"]
        if row["sync_status"] == "failed":
            detail = f"{name}: the last sync failed, {row['error_code']}: {row['error_detail'] or ''}".strip()
            yield Finding("syncs", detail, f"mend that, then `routiq sync {name}`")
        elif row["data_as_of"] is None:
            yield Finding("syncs", f"{name} has no data yet", f"`routiq sync {name}`, then `routiq build`")
        else:
            yield Finding("syncs", f"{name}: data as of {row['data_as_of']:%Y-%m-%d %H:%M} UTC")


def _data(settings: Settings) -> Iterator[Finding]:
    found = find_oddities(settings)
    if found is None:
        yield Finding("data", "nothing was built yet", "`routiq build`")
    elif not found:
        yield Finding("data", "everything is counted for somebody, and no check holds anybody back")
    for one in found or []:
        ids = f" ({', '.join(one.examples)}{', ...' if one.records > len(one.examples) else ''})"
        detail = f"{one.organization_id}: {one.records} {one.what}{ids if one.examples else ''}"
        yield Finding("data", detail, one.remedy)
