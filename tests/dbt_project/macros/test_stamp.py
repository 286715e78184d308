"""A build that is killed leaves what readers had, and nothing that the next one stumbles over."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.dbt.build import REPOSITORY, build, dbt_arguments, dbt_environment
from tests.dbt_project.histories import History
from tests.dbt_project.rebuilding import check
from warehouse.settings import Settings


def kill_after(settings: Settings, steps: int) -> None:
    """End dbt without a word once so many of its steps are done."""
    with subprocess.Popen(
        [str(Path(sys.executable).parent / "dbt"), "--log-format", "json", *dbt_arguments()],
        env=os.environ | dbt_environment(settings),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stdout or ():
            steps -= json.loads(line)["info"]["name"] in {"LogModelResult", "LogTestResult"}
            if steps <= 0:
                process.kill()


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_killed_builds_lose_nothing(cluster: Settings, warehouse: Settings, scratch: str) -> None:
    lives = [History(warehouse, f"org_{number}", number) for number in range(6)]
    for life in lives:
        life.begin().accept()
    build(warehouse)
    for steps in (1, 8, 16, 24, 32, 40, 48, 56, 64, 68):
        for life in lives:
            life.step().accept()
        kill_after(warehouse, steps)
        if steps % 16 == 0:
            build(warehouse)
    build(warehouse)
    check(cluster, warehouse, scratch)
