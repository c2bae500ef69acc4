"""Admission to a connection pool: first come, first served, with one deadline for all waiting."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType

from bakeoff_schemas.errors import Unavailable


class PoolGate:
    """Admits as many units of work as there are connections; the others wait in line.

    The pools of asyncpg, aiomysql and SQLAlchemy let a newcomer take a freed connection before the
    task that was woken for it has run. A pool behind a gate of its own size never makes anybody
    wait, so its order does not matter.

        async with gate.reading: ...
        async with gate.writing: ...

    With `one_writer`, writers wait for each other before they wait for a connection: SQLite has one
    writer at a time, and would make the others sleep and wake by chance.
    """

    def __init__(self, connections: int, *, timeout: float, one_writer: bool = False) -> None:
        """`timeout` is how long a unit of work may wait in all, in seconds."""
        self._connections = _FairSemaphore(connections)
        self._writer = _FairSemaphore(1) if one_writer else None
        self._timeout = timeout
        self.reading = Admission(self, to_write=False)
        self.writing = Admission(self, to_write=True)

    async def enter(self, *, to_write: bool) -> None:
        """Wait for admission.

        :raises Unavailable: the timeout passed; nothing is held.
        """
        if not to_write or self._writer is None:
            if not self._connections.acquire_nowait():
                await self._wait(self._connections, self._deadline())
            return
        deadline = self._deadline()
        if not self._writer.acquire_nowait():
            await self._wait(self._writer, deadline)
        try:
            if not self._connections.acquire_nowait():
                await self._wait(self._connections, deadline)
        except BaseException:
            self._writer.release()
            raise

    def leave(self, *, to_write: bool) -> None:
        """Admit the next one; there is no await, so no cancellation can come in between."""
        self._connections.release()
        if to_write and self._writer is not None:
            self._writer.release()

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._timeout

    async def _wait(self, semaphore: _FairSemaphore, deadline: float) -> None:
        if not await semaphore.acquire(deadline):
            raise Unavailable(
                f"no connection became free within {self._timeout:g} s "
                "(BAKEOFF_POOL_MAX, BAKEOFF_POOL_TIMEOUT)"
            )


class Admission:
    """A context manager that enters and leaves a gate; one serves any number of tasks at once."""

    __slots__ = ("_gate", "_to_write")

    def __init__(self, gate: PoolGate, *, to_write: bool) -> None:
        """Made by the gate."""
        self._gate = gate
        self._to_write = to_write

    async def __aenter__(self) -> None:
        """Wait for admission.

        :raises Unavailable: the timeout of the gate passed.
        """
        await self._gate.enter(to_write=self._to_write)

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Admit the next one."""
        self._gate.leave(to_write=self._to_write)


class _FairSemaphore:
    """A semaphore with deadlines.

    tuned: `asyncio.Semaphore` with `asyncio.timeout` took 13 µs where this takes 3, with 16 tasks
    for 10 connections: a fifth of a point read of `raw` on SQLite. A timer for each task in line,
    rather than one for all, would add 2 µs.
    """

    __slots__ = ("_alarm", "_free", "_line")

    def __init__(self, value: int) -> None:
        self._free = value
        self._line: deque[tuple[float, asyncio.Future[bool]]] = deque()
        # Set for the earliest deadline, or for an earlier one whose task has left the line.
        self._alarm: asyncio.TimerHandle | None = None

    def acquire_nowait(self) -> bool:
        if self._free:
            self._free -= 1
            return True
        return False

    async def acquire(self, deadline: float) -> bool:
        """Whether it was acquired before the deadline, which is a time of the event loop."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        self._line.append((deadline, turn))
        if self._alarm is None or deadline < self._alarm.when():
            self._set_alarm(loop, deadline)
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.result():
                self.release()
            raise

    def release(self) -> None:
        """Hand over to the first in line: in between it is never free, so nobody overtakes."""
        while self._line:
            _, turn = self._line.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        self._free += 1
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _set_alarm(self, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = loop.call_at(deadline, self._expire, loop)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for deadline, turn in self._line:
            if deadline <= now and not turn.done():
                turn.set_result(False)
        self._line = deque(waiting for waiting in self._line if not waiting[1].done())
        self._alarm = None
        if self._line:
            self._set_alarm(loop, min(deadline for deadline, _ in self._line))
