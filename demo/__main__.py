"""`python -m demo`: everything at once, on two clinics that do not exist.

nobody real is here -> clinics drawn -> sandbox Cliniko and Clerk -> Postgres -> keys stored -> first clinic
synced and built, while Dagster and the API start -> second clinic asked for through the API, loading behind.
Each step looks first whether it is done, so a second start takes seconds and a killed one is gone on with.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
from dotenv import dotenv_values

from demo.clinics import CLINICS, FIRST, SECOND, DemoClinic
from demo.console import Console
from demo.home import require_demo_home
from demo.outreach import log_outreach
from demo.staff import write_directory
from operations import platform
from operations import status as overview
from operations.commands.token import ask
from operations.environment import load_environment
from operations.errors import CommandError
from operations.readiness import http_answers, wait_until_all_answer
from operations.settings import PlatformSettings
from operations.supervision.configuration import Program, python
from operations.supervision.supervisor import Supervisor
from orchestration.settings import DAGSTER_PASSWORD
from sandbox.errors import SandboxError
from warehouse.organizations import list_organizations
from warehouse.settings import HomeSettings, Settings, ensure_secrets

PARTY = "http://127.0.0.1"
PARTIES = "http://127.0.0.1:*,http://localhost:*"  # also of a front end that is being written
OPERATOR = "user_demo_operator"
TOKEN_SECONDS = 3600
CLERK_KEY = "ROUTIQ_CLERK_SECRET_KEY"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description="Two clinics, the whole way.")
    parser.add_argument("--detach", action="store_true", help="return once everything answers")
    detach = parser.parse_args(argv).detach
    console = Console()
    try:
        demo = prepare_demo(console)
        with _stopped_by_signals(demo, console, detach=detach):
            demo.run()
            if not detach:
                console.follow(lambda: overview.organizations(demo.settings), SECOND.organization_id)
    except (CommandError, SandboxError) as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    return 0


@contextmanager
def _stopped_by_signals(demo: "Demo", console: Console, *, detach: bool) -> Iterator[None]:
    """Ctrl-C stops everything, at any moment; nothing that runs is left without its window."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        console.say("stopping everything; the data stays")
        demo.end_background()
        platform.down(demo.settings.home)
        if detach:
            raise SystemExit(130) from None


def prepare_demo(console: Console) -> "Demo":
    """Read settings; at each start the demo brings its own Clerk and a key to it, whatever was set."""
    load_environment()
    require_demo_home()
    ports = PlatformSettings()
    os.environ["ROUTIQ_CLERK_ISSUER"] = f"http://127.0.0.1:{ports.clerk_port}"
    os.environ["ROUTIQ_CLERK_API_URL"] = f"http://127.0.0.1:{ports.clerk_port}/v1"
    os.environ["ROUTIQ_CLERK_JWKS_URL"] = ""
    os.environ["ROUTIQ_CLERK_JWT_KEY"] = ""
    os.environ["ROUTIQ_CLERK_AUTHORIZED_PARTIES"] = PARTIES
    os.environ["ROUTIQ_ALLOW_LOOPBACK_ISSUER"] = "0"
    os.environ["ROUTIQ_OPERATORS"] = OPERATOR
    secrets_file = ensure_secrets(HomeSettings().home, CLERK_KEY, DAGSTER_PASSWORD)
    os.environ[CLERK_KEY] = dotenv_values(secrets_file)[CLERK_KEY] or ""
    return Demo(Settings.load(), PlatformSettings(), console)


class Demo:
    """The steps, in their order."""

    def __init__(self, settings: Settings, ports: PlatformSettings, console: Console) -> None:
        self.settings, self.ports, self.console = settings, ports, console
        self.home = settings.home.resolve()
        self.background: subprocess.Popen[str] | None = None

    def run(self) -> None:
        self._check_ports()
        self._draw_clinics()
        self.console.say("database: starting, bringing the schema up to date")
        platform.prepare_database(self.settings)
        self._start_sandbox()
        self._add_organizations()
        self.background = self._start_platform()
        self._load_first()
        self._wait_for_platform()
        self._let_staff_work()
        self._request_second()
        self.console.welcome(self.ports, self._write_token(), self.home)

    def end_background(self) -> None:
        if self.background is not None and self.background.poll() is None:
            self.background.terminate()
            self.background.wait(timeout=20)

    def _sandbox_programs(self) -> list[Program]:
        clinics = [part for clinic in CLINICS for part in ("--clinic", str(clinic.folder(self.home)))]
        cliniko, clerk = str(self.ports.cliniko_port), str(self.ports.clerk_port)
        return [
            Program(
                "sandbox-cliniko",
                python("-m", "sandbox", "cliniko", "--port", cliniko, "--live", *clinics),
                self.ports.cliniko_port,
                "ROUTIQ_CLINIKO_PORT",
            ),
            Program(
                "sandbox-clerk",
                python(
                    *("-m", "sandbox", "clerk", "--port", clerk),
                    *("--home", str(self.home / "demo" / "clerk")),
                    *("--directory", str(self.home / "demo" / "directory.json")),
                ),
                self.ports.clerk_port,
                "ROUTIQ_CLERK_PORT",
            ),
        ]

    def _check_ports(self) -> None:
        wanted = [*self._sandbox_programs(), *platform.programs(self.settings, self.ports)]
        platform.check_ports(self.settings, wanted)

    def _draw_clinics(self) -> None:
        for clinic in CLINICS:
            if not clinic.key_file(self.home).exists():
                self.console.say(f"drawing {clinic.name}: {clinic.patients} patients, {clinic.time_zone}")
                clinic.folder(self.home).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            clinic.make(self.home)

    def _start_sandbox(self) -> None:
        write_directory(self.home / "demo" / "directory.json", OPERATOR)
        self.console.say("sandbox: starting a Cliniko (200 requests a minute) and a Clerk")
        programs = self._sandbox_programs()
        # On a later start the rest need not wait for the sandbox: its imports are what takes long.
        rest = platform.programs(self.settings, self.ports) if platform.is_prepared(self.settings) else []
        supervisor = platform.start(self.settings, [*programs, *rest])
        wait_until_all_answer(
            programs,
            supervisor,
            {
                program.name: partial(http_answers, f"http://127.0.0.1:{program.port}/")
                for program in programs
            },
        )

    def _add_organizations(self) -> None:
        """Store each clinic's key, by the command a person would type."""
        base_url = f"http://127.0.0.1:{self.ports.cliniko_port}"
        known = {one.organization_id: one.base_url for one in list_organizations(self.settings)}
        for clinic in CLINICS:
            if (known.get(clinic.organization_id) or "").removesuffix("/v1") != base_url:
                self._routiq(
                    *("org", "add", "--id", clinic.organization_id, "--name", clinic.name),
                    *("--base-url", base_url, "--api-key-file", str(clinic.key_file(self.home))),
                    *("--country", clinic.country),
                )

    def _start_platform(self) -> subprocess.Popen[str]:
        """`routiq up` behind the first sync: imports take the time in which that waits for its limit."""
        self.console.say("Dagster and the API: starting in the background")
        return subprocess.Popen(
            _command("up"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _load_first(self) -> None:
        if not self._is_published(FIRST):
            self.console.say(f"{FIRST.name}: first sync, as fast as Cliniko allows")
            self._routiq("sync", FIRST.organization_id)
            self.console.say("building the marts")
            self._routiq("build")
            self._routiq("docs")

    def _is_published(self, clinic: DemoClinic) -> bool:
        known = overview.organizations(self.settings)
        return any(
            row["organization_id"] == clinic.organization_id and row["data_as_of"] is not None
            for row in known
        )

    def _wait_for_platform(self) -> None:
        self.console.say("waiting until the API and Dagster answer")
        if self.background is None:
            return
        _, told = self.background.communicate()
        if self.background.returncode != 0:
            raise CommandError(told.strip().splitlines()[-1].removeprefix("routiq: "))
        ready = f"http://127.0.0.1:{self.ports.api_port}/ready"
        until = time.monotonic() + 60
        while not http_answers(ready):
            if time.monotonic() > until:
                log = Supervisor(self.home).layout.logs / "api.log"
                raise CommandError(f"the API does not become ready; its log is {log}")
            time.sleep(0.2)

    def _let_staff_work(self) -> None:
        """Who belongs to the first clinic, and what its front desk has done, so that no page is all zeros."""
        with self._api(FIRST) as api:
            if logged := log_outreach(api, FIRST.organization_id, datetime.now(UTC)):
                self.console.say(f"{FIRST.name}: the front desk has logged {logged} attempts")
                self._post(api, "clerk/sync", {"organization_id": FIRST.organization_id})

    def _request_second(self) -> None:
        """Ask for the second clinic as an admin of it would: by route 1."""
        if self._is_published(SECOND):
            return
        with self._api(SECOND) as api:
            is_new = self._post(api, f"sync/schedule/{SECOND.organization_id}")["sync_scheduled"]
        self.console.say(f"{SECOND.name}: {'asked the API to sync it' if is_new else 'is loading already'}")

    def _api(self, clinic: DemoClinic) -> httpx.Client:
        """The API as an admin of the clinic asks it."""
        headers = {"Authorization": f"Bearer {self._token(clinic, 'admin')}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.ports.api_port}", headers=headers, timeout=10)

    def _post(self, api: httpx.Client, path: str, body: dict[str, str] | None = None) -> dict[str, object]:
        answer = api.post(f"/api/v1/admin/{path}", json=body)
        if answer.status_code != httpx.codes.OK:
            raise CommandError(f"the API refused {path}: HTTP {answer.status_code}")
        told: dict[str, object] = answer.json()
        return told

    def _token(self, clinic: DemoClinic, role: str) -> str:
        order: dict[str, object] = {
            "organization_id": clinic.organization_id,
            "role": role,
            "lifetime_seconds": TOKEN_SECONDS,
            "authorized_party": f"{PARTY}:{self.ports.api_port}",
        }
        return ask(f"http://127.0.0.1:{self.ports.clerk_port}", order)

    def _write_token(self) -> Path:
        """A member's token for the first clinic, in a file that the curl lines read."""
        path = self.home / "demo" / "token"
        path.touch(mode=0o600)
        path.write_text(self._token(FIRST, "member"))
        return path

    def _routiq(self, *arguments: str) -> None:
        self.console.say(f"$ routiq {' '.join(arguments)}")
        done = subprocess.run(_command(*arguments), check=False)
        if done.returncode != 0:
            raise CommandError(f"`routiq {arguments[0]}` failed; `make demo` goes on from here once it can")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from operations.cli import main; main()", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
