"""The two clinics of the demo: what they are called, how they are drawn, where their files lie."""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError


@dataclass(frozen=True)
class DemoClinic:
    """A clinic that does not exist. `seed` fixes everything about it but the day."""

    organization_id: str
    name: str
    country: str
    time_zone: str
    seed: int
    patients: int

    def folder(self, home: Path) -> Path:
        return home.resolve() / "demo" / self.organization_id

    def key_file(self, home: Path) -> Path:
        return home.resolve() / "demo" / f"{self.organization_id}.key"

    def make(self, home: Path) -> None:
        """Draw the clinic unless it is there; its key goes into a file of its own (0600).

        Raises:
            SandboxError: the generator fails.
        """
        if self.key_file(home).exists():
            return
        command = [sys.executable, "-m", "sandbox", "generate", "--out", str(self.folder(home))]
        command += ["--seed", str(self.seed), "--patients", str(self.patients), "--name", self.name]
        command += ["--time-zone", self.time_zone, "--country", self.country]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise SandboxError(f"{self.name} could not be drawn: {made.stderr.strip()}")
        key = tomllib.loads((self.folder(home) / "clinic.toml").read_text())["api_key"]
        descriptor = os.open(self.key_file(home), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{key}\n")


FIRST = DemoClinic("org_demo_harbour", "Harbour Lane Physio", "AU", "Australia/Sydney", 11, 650)
SECOND = DemoClinic("org_demo_quayside", "Quayside Physiotherapy", "GB", "Europe/London", 12, 3_000)
CLINICS = (FIRST, SECOND)
