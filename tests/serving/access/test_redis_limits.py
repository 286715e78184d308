"""One count for all workers: exact at its edge whoever asks; nothing is answered while nobody can count."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from serving.access.limits import Tier
from serving.access.redis_limits import RedisLimits
from serving.http.errors import Unavailable
from tests.conftest import free_port
from tests.redis import run_redis
from tests.serving.conftest import Clerk, wait_for
from tests.serving.process import environment, is_ready, run
from tests.serving.routes import RISK
from warehouse.settings import Settings

PER_HOUR: dict[Tier, int] = {"admin": 5, "sync": 1, "regular": 40}


def test_two_counters_let_through_what_one_would() -> None:
    async def race(url: str) -> list[bool]:
        both = [RedisLimits(PER_HOUR, url), RedisLimits(PER_HOUR, url)]
        at_once = asyncio.Semaphore(8)

        async def ask(number: int) -> bool:
            async with at_once:
                return (await both[number % 2].admit("org_a", "regular")).admitted

        admitted = await asyncio.gather(*map(ask, range(90)))
        assert (await both[0].admit("org_b", "regular")).admitted, "organizations are counted apart"
        assert (await both[0].admit("org_a", "admin")).remaining == 4, "and so are tiers"
        await asyncio.gather(*(one.close() for one in both))
        return admitted

    with run_redis() as url:
        assert Counter(asyncio.run(race(url))) == {True: 40, False: 50}


def test_a_place_becomes_free_when_the_oldest_leaves_the_window() -> None:
    async def ask(url: str) -> None:
        limits = RedisLimits({"admin": 1, "sync": 1, "regular": 2}, url, window_ms=2000)
        began = time.monotonic()
        standings = [await limits.admit("org_a", "regular") for _ in range(3)]
        assert [standing.admitted for standing in standings] == [True, True, False]
        assert [standing.remaining for standing in standings] == [1, 0, 0]
        while not (await limits.admit("org_a", "regular")).admitted:
            assert time.monotonic() < began + 20
        assert time.monotonic() - began >= 1.9, "what is in the window counts"
        await limits.close()

    with run_redis() as url:
        asyncio.run(ask(url))


def test_nobody_is_let_in_while_nobody_can_count_and_again_afterwards() -> None:
    port = free_port()

    async def ask(limits: RedisLimits) -> bool:
        return (await limits.admit("org_a", "regular")).admitted

    async def go() -> None:
        limits = RedisLimits(PER_HOUR, f"redis://127.0.0.1:{port}/0")
        with run_redis(port):
            assert await ask(limits)
            assert await limits.is_reachable()
        began = time.monotonic()
        with pytest.raises(Unavailable) as refused:
            await ask(limits)
        assert time.monotonic() - began < 2
        assert refused.value.headers["Retry-After"] == "2"
        assert not await limits.is_reachable()
        with run_redis(port):
            assert await ask(limits)
        await limits.close()

    asyncio.run(go())


def test_several_workers_need_somewhere_to_count_together(warehouse: Settings, clerk: Clerk) -> None:
    alone = environment(warehouse, clerk, free_port()) | {"ROUTIQ_API_WORKERS": "2"}
    refused = run(environment=alone)
    assert refused.returncode == 2
    assert "ROUTIQ_REDIS_URL" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_two_workers_share_the_hour(clinics: Settings, clerk: Clerk) -> None:
    port = free_port()
    with run_redis() as url:
        settings = environment(clinics, clerk, port) | {
            "ROUTIQ_API_WORKERS": "2",
            "ROUTIQ_REDIS_URL": url,
            "ROUTIQ_LIMIT_REGULAR": "40",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "serving"],
            cwd=Path(__file__).parents[3],
            env=settings,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for(lambda: is_ready(port), 90)
            asked = f"http://127.0.0.1:{port}{RISK.format('org_a')}"
            headers = clerk.bearer()

            def ask(_: int) -> int:
                return httpx.get(asked, headers=headers, timeout=30).status_code

            with ThreadPoolExecutor(8) as pool:
                assert Counter(pool.map(ask, range(60))) == {200: 40, 429: 20}
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in {0, -signal.SIGTERM}
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
