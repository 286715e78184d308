"""What may be wrong with an installation, and what to do about each: the facts behind `routiq doctor`.

Every check looks at one thing, changes nothing, and says what to do. One that cannot look says why.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
from alembic.script import ScriptDirectory

from operations.errors import CommandError
from operations.oddities import find_oddities
from operations.platform import process_environment, programs
from operations.readiness import check_ports_free, daemons_healthy
from operations.settings import PlatformSettings
from operations.sign_in import require_fitting_issuer
from operations.status import describe_sync, organizations
from operations.supervision.configuration import python
from operations.supervision.supervisor import Supervisor
from orchestration.alerts.alerting import HEADLINES, failed_jobs, undelivered
from orchestration.alerts.unread import Unread, find_unread
from orchestration.dbt.build import is_building
from orchestration.dbt.manifest import is_current
from orchestration.settings import DagsterWebSettings
from warehouse.bootstrap import alembic_config, embedded_server
from warehouse.organizations import api_key_of, list_organizations
from warehouse.sealing import SealError
from warehouse.settings import Settings
from warehouse.tenant_isolation.holes import find_holes

UP = "run `routiq up`"
BUILD_BEGINS_WITHIN = timedelta(minutes=2)


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
        ("sign-in", lambda: _sign_in(settings, platform)),
        ("sign-in", lambda: _issuer_fits(settings, platform)),
        ("ports", lambda: _ports(settings, platform)),
        ("database", lambda: _database(settings)),
        ("migrations", lambda: _migrations(settings)),
        ("isolation", lambda: _isolation(settings)),
        ("Cliniko keys", lambda: _keys(settings)),
        ("dbt manifest", lambda: _manifest(settings)),
        ("processes", lambda: _processes(settings, platform)),
        ("syncs", lambda: _syncs(settings, platform)),
        ("unread", lambda: _unread(settings)),
        ("alerts", lambda: _alerts(settings, platform)),
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


def _sign_in(settings: Settings, platform: PlatformSettings) -> Iterator[Finding]:
    """What the API would say of its own settings: those it runs with, or would be started with from here."""
    told = _told_to_the_api(settings)
    if told is None:
        try:
            platform.require_sign_in()
        except CommandError as error:
            yield Finding("sign-in", str(error), "set it in the environment or in .env")
            return
        told = {
            **process_environment(settings),
            "ROUTIQ_CLERK_ISSUER": platform.clerk_issuer,
            "ROUTIQ_CLERK_AUTHORIZED_PARTIES": ",".join(platform.clerk_authorized_parties),
        }
    asked = subprocess.run(
        python("-m", "serving.sign_in"),
        env=told,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if asked.returncode != 0:
        yield Finding("sign-in", "the API's settings cannot be looked at", "run `python -m serving.sign_in`")
        return
    for found in json.loads(asked.stdout):
        yield Finding("sign-in", found["detail"], found["remedy"])


def _told_to_the_api(settings: Settings) -> dict[str, str] | None:
    """The environment of the API that runs: a demo's issuer is known to it alone."""
    running = {process.name: process.pid for process in Supervisor(settings.home).processes()}
    try:
        return psutil.Process(pid).environ() if (pid := running.get("api")) else None
    except psutil.Error:
        return None


def _issuer_fits(settings: Settings, platform: PlatformSettings) -> Iterator[Finding]:
    try:
        require_fitting_issuer(settings, platform)
    except CommandError as error:
        yield Finding("sign-in", str(error), "set it in the environment or in .env")


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


def _isolation(settings: Settings) -> Iterator[Finding]:
    with psycopg.connect(settings.url("owner")) as connection:
        holes = find_holes(connection)
    for hole in holes:
        yield Finding("isolation", hole, f"{UP} and `routiq build`; the API does not serve until then")
    if not holes:
        yield Finding("isolation", "every table that the API reads shows an organization its own rows alone")


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
    if states and not daemons_healthy(DagsterWebSettings.load()):
        log = supervisor.layout.logs / "dagster-daemon.log"
        yield Finding("processes", "a daemon of Dagster is not healthy", f"see {log}; then `routiq up`")


def _syncs(settings: Settings, platform: PlatformSettings) -> Iterator[Finding]:
    now = datetime.now(UTC)
    for row in organizations(settings):
        name, sync = row["organization_id"], describe_sync(row, now)
        age = f"data as of {row['data_as_of']:%Y-%m-%d %H:%M} UTC" if row["data_as_of"] else "no data yet"
        if not row["sync_enabled"]:
            yield Finding("syncs", f"{name}: {age}; it is not synced by itself")
        elif row["is_stalled"]:
            yield Finding("syncs", f"{name}: {sync}; its process is gone", f"`routiq sync {name}` takes over")
        elif row["sync_status"] == "failed":
            detail = f"{name}: the last sync failed, {row['error_code']}: {row['error_detail'] or ''}".strip()
            yield Finding("syncs", detail, f"mend that, then `routiq sync {name}`")
        elif row["data_as_of"] is None:
            yield _first_load(settings, row, sync)
        elif now - row["data_as_of"] >= timedelta(hours=platform.stale_after_hours):
            remedy = f"see `routiq status`, then `routiq sync {name}` and `routiq build`"
            yield Finding("syncs", f"{name} is late: {age}; {sync}", remedy)
        else:
            yield Finding("syncs", f"{name}: {age}; {sync}")


def _first_load(settings: Settings, row: dict[str, Any], sync: str) -> Finding:
    """What is under way is no fault, however long it takes."""
    name = row["organization_id"]
    if row["sync_status"] in {"queued", "running"}:
        return Finding("syncs", f"{name} has no data yet; its first {sync}")
    if row["sync_status"] is None:
        return Finding("syncs", f"{name} has no data yet", f"`routiq sync {name}`, then `routiq build`")
    if is_building(settings):
        return Finding("syncs", f"{name} has no data yet; {sync}, and a build is running")
    if datetime.now(UTC) - row["finished_at"] < BUILD_BEGINS_WITHIN:
        return Finding("syncs", f"{name} has no data yet; {sync}, and its build is about to begin")
    return Finding("syncs", f"{name} has no data yet; {sync}, and nothing was built since", "`routiq build`")


def _unread(settings: Settings) -> Iterator[Finding]:
    with psycopg.connect(settings.url("owner"), connect_timeout=3) as connection:
        found = find_unread(connection)
    for name, parts in found.items():
        for part in parts:
            yield Finding("unread", f"{name}: {part.in_full()}", _remedy(part))
    if not found:
        yield Finding("unread", "the last sync of each clinic read everything")


def _remedy(part: Unread) -> str:
    if part.what == "forbidden":
        return f"let the key's user see {part.feed} in Cliniko; the next sync reads them"
    if part.what == "unavailable":
        return "the next sync asks again; if it stays so, ask Cliniko"
    again = "the next sync asks again" if part.what == "refused" else "the next sync reads what changed"
    return f"mend it in Cliniko, and {again}; if it is right there, update Routiq"


def _alerts(settings: Settings, platform: PlatformSettings) -> Iterator[Finding]:
    with psycopg.connect(settings.url("owner"), connect_timeout=3) as connection:
        late, jobs = undelivered(connection), failed_jobs(connection)
    for one in late:
        detail = f"{one.subject}, {HEADLINES[one.state]}: {one.last_error} (tried: {one.attempts})"
        remedy = f"see to that address; it is tried again at {one.next_attempt_at:%H:%M} UTC"
        yield Finding("alerts", detail, remedy)
    for job_name, since in jobs.items():
        detail = f"Dagster's job {job_name} fails since {since:%Y-%m-%d %H:%M} UTC"
        yield Finding("alerts", detail, f"see its runs at {platform.dagster_pages}/runs")
    if not platform.alert_addresses:
        yield Finding("alerts", "nobody is told of faults: ROUTIQ_ALERT_URLS is empty")
    elif not late:
        yield Finding(
            "alerts", f"whatever was to be told is told, to {len(platform.alert_addresses)} addresses"
        )


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
