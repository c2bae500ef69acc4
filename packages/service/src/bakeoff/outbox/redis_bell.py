"""Wakes the other processes of the service through Redis, as soon as something is published.

Nothing depends on it: who misses a ring looks for messages a little later, after the poll interval.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from bakeoff.redis_errors import NOT_THERE

log = logging.getLogger("bakeoff.outbox")

_TIMEOUT = 2.0
_PAUSE = 1.0
_HEALTH_CHECK = 15


class RedisBell:
    """Rings in the other processes, and hears their rings."""

    def __init__(self, url: str, *, channel: str, rung: Callable[[], None]) -> None:
        """Connects to nothing; `rung` is called when another process rings on the channel.

        :raises ValueError: the URL is none of Redis.
        """
        self._channel = channel
        self._rung = rung
        self._ringing = Redis.from_url(
            url, socket_connect_timeout=_TIMEOUT, socket_timeout=_TIMEOUT
        )
        # It waits for rings, which may be hours apart; health checks notice a dead connection.
        self._listening = Redis.from_url(
            url,
            socket_connect_timeout=_TIMEOUT,
            socket_timeout=None,
            socket_keepalive=True,
            health_check_interval=_HEALTH_CHECK,
        )
        # A ring of our own comes back to us.
        self._name = secrets.token_hex(8).encode()
        self._wanted = asyncio.Event()
        self._unreachable = False

    def ring(self) -> None:
        """Wake the others soon; once, however often this is called until then."""
        self._wanted.set()

    async def run(self) -> None:
        """Ring and listen until it is cancelled, whether or not Redis is there."""
        async with self._ringing, self._listening, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._again(self._ring))
            tasks.create_task(self._again(self._listen))

    async def _ring(self) -> None:
        await self._wanted.wait()
        self._wanted.clear()
        try:
            await self._ringing.publish(self._channel, self._name)
        except NOT_THERE:
            self._wanted.set()
            raise

    async def _listen(self) -> None:
        async with self._listening.pubsub() as channel:
            await channel.subscribe(self._channel)
            while True:
                # In between the library checks that the connection is alive.
                message = await channel.get_message(timeout=_HEALTH_CHECK)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    # Only now do we listen: what was published until then was not heard. The
                    # library subscribes again when it has lost the connection.
                    self._unreachable = False
                    self._rung()
                elif message["data"] != self._name:
                    self._rung()

    async def _again(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
                self._unreachable = False
            except NOT_THERE as error:
                if not self._unreachable:
                    # Without the message: it may repeat the address.
                    log.warning("Redis does not answer (%s): polling goes on", type(error).__name__)
                self._unreachable = True
                await asyncio.sleep(_PAUSE)
