"""A task that does one thing again and again, and outlives every error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from bakeoff_schemas.errors import ContractError

log = logging.getLogger("bakeoff.outbox")

_AFTER_AN_ERROR = 1.0


class Repeating:
    """Does a step when it is woken, and at the latest some time after the last one."""

    def __init__(self, name: str, step: Callable[[], Awaitable[object]], *, every: float) -> None:
        """`name` is for the log; `every` is in seconds."""
        self._name = name
        self._step = step
        self._every = every
        self._woken = asyncio.Event()
        self._failing = False

    def wake(self) -> None:
        """Do the step soon; once, however often this is called before it begins."""
        self._woken.set()

    async def run(self) -> None:
        """Go on until it is cancelled; after an error try again within a second."""
        while True:
            # Before the step: what happens during the step may come too late for it.
            self._woken.clear()
            await self._do()
            # Not `wait_for`, which loses a cancellation that comes together with a wake-up
            # (python/cpython#86296; mended in Python 3.12).
            with suppress(TimeoutError):
                async with asyncio.timeout(
                    min(self._every, _AFTER_AN_ERROR) if self._failing else self._every
                ):
                    await self._woken.wait()

    async def _do(self) -> None:
        try:
            await self._step()
        except ContractError as error:
            # A database that is down would fill the log.
            if not self._failing:
                log.warning("%s: not now: %s", self._name, error)
            self._failing = True
        # The outermost level of a task that nobody waits for: it would end in silence.
        except Exception:
            log.exception("%s failed, and goes on", self._name)
            self._failing = True
        else:
            if self._failing:
                log.warning("%s works again", self._name)
            self._failing = False


@asynccontextmanager
async def beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run work that has no end beside the block, and cancel it at the end."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
