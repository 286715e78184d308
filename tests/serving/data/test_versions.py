"""Who listens stops when told to: a process that cannot stop hangs its start and its end."""

import asyncio

import pytest

from serving.data.versions import Versions


@pytest.mark.timeout(20)
def test_an_error_in_the_place_of_the_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait that fails at the moment it is broken off swallows the cancellation."""

    async def replaced(_self: Versions) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise TimeoutError from None

    monkeypatch.setattr(Versions, "_listen_once", replaced)

    async def hear() -> None:
        task = asyncio.create_task(Versions("").listen())
        await asyncio.sleep(0)
        task.cancel()
        _, alive = await asyncio.wait({task}, timeout=5)
        assert not alive

    asyncio.run(hear())
