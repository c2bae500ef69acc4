"""Admission to a connection pool: first come, first served, with an end to the waiting."""

from __future__ import annotations

import asyncio
from types import TracebackType

from bakeoff_schemas.errors import Unavailable


class Turnstile:
    """Lets as many tasks in as there are connections; the rest wait in line.

    The pools of asyncpg, aiomysql and SQLAlchemy let a newcomer take a freed connection before the
    task that was woken for it has run; `asyncio.Semaphore` does not (cpython#90155). A pool behind
    a turnstile of its own size never makes anybody wait, so its order does not matter.
    """

    def __init__(self, places: int, *, timeout: float) -> None:
        """`timeout` is how long one may wait, in seconds."""
        self._semaphore = asyncio.Semaphore(places)
        self._timeout = timeout
        self.inside = 0

    async def __aenter__(self) -> None:
        """Wait for a place.

        :raises Unavailable: none became free in time.
        """
        if self._semaphore.locked():
            try:
                async with asyncio.timeout(self._timeout):
                    await self._semaphore.acquire()
            except TimeoutError:
                raise Unavailable(
                    f"no connection became free within {self._timeout:g} s "
                    "(BAKEOFF_POOL_MAX, BAKEOFF_POOL_TIMEOUT)"
                ) from None
        else:
            await self._semaphore.acquire()
        self.inside += 1

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the next one in."""
        self.inside -= 1
        self._semaphore.release()
