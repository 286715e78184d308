"""`--live`: once a second each generated clinic's story goes on, and what happened is put among its records.

The story is told by `sandbox.clinics.live`, imported only here and only when it is asked for.
"""

import asyncio
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.cliniko.clinic import Clinic
from sandbox.cliniko.control import put_records
from sandbox.cliniko.store import Record
from sandbox.errors import SandboxError

SECONDS = 1.0
Batch = dict[str, list[Record]]


@dataclass
class Life:
    """One clinic that goes on living; each `next` of `happenings` is what happened since the one before."""

    clinic: Clinic
    happenings: Iterator[Batch]

    async def go_on(self) -> None:
        """Until cancelled. The story is told in a thread; its records are put between two requests."""
        try:
            while True:
                await asyncio.sleep(SECONDS)
                put_records(self.clinic, await asyncio.to_thread(next, self.happenings))
        except Exception as error:
            # The message could speak of patients.
            sys.stderr.write(f"sandbox: {self.clinic.name} lives no more: {type(error).__name__}\n")
            raise


def begin(clinic: Clinic, speed: float) -> Life:
    """Loads the story, so that a clinic that has none is an error at the start."""
    happenings: Iterator[Batch] = importlib.import_module("sandbox.clinics.live").live(
        clinic.folder, speed=speed
    )
    try:
        put_records(clinic, next(happenings))
    except OSError:
        raise SandboxError(f"{clinic.folder} was not generated; --live needs a clinic with a story") from None
    return Life(clinic, happenings)
