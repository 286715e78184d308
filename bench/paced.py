"""Requests at a steady pace, whether the answers come in time or not: what a crowd of callers would feel.

Each duration counts from the instant at which its request was due, so that waiting in line is part of it.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Iterator


async def paced(
    port: int, request: bytes, per_second: float, seconds: float, clients: int = 16
) -> list[float]:
    """Ask over `clients` connections; the sorted milliseconds of every answer."""
    began = time.perf_counter() + 0.1
    due = (began + number / per_second for number in itertools.count())
    taken: list[float] = []
    asking = (ask(port, request, due, began + seconds, taken) for _ in range(clients))
    await asyncio.gather(*asking)
    return sorted(taken)


async def ask(port: int, request: bytes, due: Iterator[float], end: float, taken: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (at := next(due)) < end:
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                await reader.readexactly(int(line.split(b":")[1]))
        taken.append((time.perf_counter() - at) * 1000)
    writer.close()


def measure(port: int, request: bytes, per_second: float, seconds: float) -> dict[str, float]:
    ordered = asyncio.run(paced(port, request, per_second, seconds))
    return {
        "per_second": round(per_second),
        "p50_ms": round(statistics.median(ordered), 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)], 2),
    }
