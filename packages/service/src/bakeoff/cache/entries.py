"""What is kept in Redis: answers, and the fences that say whether they still hold.

A fence is a value that nobody has used before. An entry begins with the values of its fences at the
time before its answer was read, and it holds only as long as they are the same. To delete a fence
ends every entry behind it, also one that is still being written. A fence that is not there, for
whatever reason, ends them too: the next reader makes a new one.
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bakeoff.cache.errors import CacheError
from bakeoff.cache.listening import is_refused
from bakeoff.redis_errors import NOT_THERE

# For one request to Redis; it answers in a fraction of a millisecond.
TIMEOUT = 0.5
_CONNECTIONS = 20
# Only for tidiness: a fence that has expired is a fence that is not there.
_FENCE_SECONDS = 3600
_RUN_ID = re.compile(rb"run_id:([0-9a-f]+)")

# KEYS: the entry, then its fences. ARGV: a value for missing fences, and their seconds.
# Answers 1 and what is kept, or 0, the values of the fences, and the milliseconds of the clock.
_LOOK = """
local held = redis.call('MGET', unpack(KEYS))
local values = {}
for i = 2, #KEYS do
  values[i - 1] = held[i]
  if not held[i] then
    values[i - 1] = ARGV[1]
    redis.call('SET', KEYS[i], ARGV[1], 'EX', ARGV[2])
  end
end
local stamp = table.concat(values, ' ') .. '\\n'
local entry = held[1]
if entry and string.sub(entry, 1, #stamp) == stamp then
  return {1, string.sub(entry, #stamp + 1)}
end
local now = redis.call('TIME')
return {0, stamp, now[1] * 1000 + math.floor(now[2] / 1000)}
"""


@dataclass(frozen=True, slots=True)
class Absence:
    """There is no entry that holds; `stamp` is what one would have to begin with.

    `now` are the milliseconds on the clock of Redis.
    """

    stamp: bytes
    now: int


class Entries:
    """One Redis server, as long as it runs; every failure is a `CacheError`."""

    def __init__(self, url: str, *, prefix: str) -> None:
        """Connect to nothing yet; `prefix` begins every key."""
        self._prefix = prefix
        # Two processes never make the same value, and no process makes one twice.
        self._origin = secrets.token_hex(8)
        self._numbers = itertools.count()
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=TIMEOUT,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            # Whoever asks decides whether to ask again.
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            redis_connect_func=self._greet,
        )
        self._client: Any = Redis(connection_pool=self._pool)
        self._look: Any = self._client.register_script(_LOOK)

    async def ping(self) -> None:
        """Connect.

        :raises CacheError: Redis does not answer.
        """
        with _reported():
            await self._client.ping()

    async def look(self, name: str, fences: Sequence[str]) -> bytes | Absence:
        """What is kept under the name, if it holds.

        :raises CacheError: Redis does not answer.
        """
        keys = [self._prefix + name, self._run, *map(self._fence, fences)]
        new = f"{self._origin}-{next(self._numbers)}"
        with _reported():
            found, value, *now = await self._look(keys=keys, args=[new, _FENCE_SECONDS])
        return value if found else Absence(value, *now)

    async def save(self, name: str, value: bytes, *, absence: Absence, seconds: float) -> None:
        """Keep a value that was read after this absence was seen, for so long since then.

        The end is a time on the clock of Redis, so that it does not matter when this arrives.

        :raises CacheError: Redis does not answer.
        """
        end = absence.now + int(seconds * 1000)
        with _reported():
            await self._client.set(self._prefix + name, absence.stamp + value, pxat=end)

    async def forget(self, fences: Collection[str]) -> None:
        """End every entry behind these fences. It needs no memory, so a full Redis does it too.

        :raises CacheError: it is not known to have been done.
        """
        with _reported():
            await self._client.delete(*map(self._fence, fences))

    async def has_ended(self) -> bool:
        """Whether the server has ended: its entries have gone with it, even if it starts again."""
        address = self._pool.connection_kwargs
        return await is_refused(
            address.get("host", "localhost"), address.get("port", 6379), seconds=TIMEOUT
        )

    async def close(self) -> None:
        """Close every connection."""
        with _reported():
            await self._pool.aclose()

    @property
    def _run(self) -> str:
        return self._prefix + "run"

    def _fence(self, name: str) -> str:
        return f"{self._prefix}fence:{name}"

    async def _greet(self, connection: Any) -> None:
        """Let the run of the server be a fence of all entries, before anything else is asked.

        A server that starts again may have its keys of some earlier time, entries and fences that
        have ended among them. It has another run id, and no connection outlives a run.
        """
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        run = _RUN_ID.search(await connection.read_response())
        if run is None:
            raise RedisError("INFO of the server names no run_id: it is no Redis")
        await connection.send_command("SET", self._run, run[1])
        await connection.read_response()


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except NOT_THERE as error:
        raise CacheError(str(error) or type(error).__name__) from error
