"""The hour's count of an organization, shared in Redis by all processes that serve it.

One script, one round trip, one clock: Redis' own. So the count is exact at its edge, however many processes
ask at once and whatever their clocks say. While Redis is away nobody can tell whether the hour is used up:
then nothing is answered (503). The limits also bound how much a stolen token can carry off.
"""

import uuid
from collections.abc import Mapping

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from serving.access.limits import HOUR_MS, Standing, Tier
from serving.http.errors import Unavailable
from serving.http.logs import log

PATIENCE_SECONDS = 0.5
MOST_CONNECTIONS = 32
# The window's log is a sorted set: each request by its instant in milliseconds.
ADMIT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local count = redis.call('ZCARD', KEYS[1])
local admitted = count < limit
if admitted then
    redis.call('ZADD', KEYS[1], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[1], window)
    count = count + 1
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {admitted and 1 or 0, count, tonumber(oldest[2] or now), now}
"""


class RedisLimits:
    def __init__(self, per_hour: Mapping[Tier, int], url: str, window_ms: int = HOUR_MS) -> None:
        self._per_hour = per_hour
        self._window_ms = window_ms
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=PATIENCE_SECONDS,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
            # A Redis that was started again leaves dead connections; a count that may stand is not repeated.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        self._redis = Redis(connection_pool=pool)
        self._script = self._redis.register_script(ADMIT)

    async def admit(self, organization_id: str, tier: Tier) -> Standing:
        limit = self._per_hour[tier]
        key = f"routiq:limit:{organization_id}:{tier}"
        try:
            found = await self._script(keys=[key], args=[limit, self._window_ms, uuid.uuid4().hex])
        except (RedisError, OSError, TimeoutError) as error:
            log.error("limits_away", error=type(error).__name__)
            raise Unavailable(retry_after=2) from None
        admitted, count, oldest, now = map(int, found)
        return Standing.of(limit, count, oldest, now, admitted=bool(admitted))

    async def is_reachable(self) -> bool:
        try:
            await self._redis.ping()
        except (RedisError, OSError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()
