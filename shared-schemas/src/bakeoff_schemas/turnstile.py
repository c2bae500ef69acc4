"""Admission to a connection pool: first come, first served, with an end to the waiting."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType

from bakeoff_schemas.errors import Unavailable


class Turnstile:
    """Lets as many tasks in as there are connections; the rest wait in line.

    The pools of asyncpg, aiomysql and SQLAlchemy let a newcomer take a freed connection before the
    task that was woken for it has run; here a place is handed over, and is never free in between.
    A pool behind a turnstile of its own size never makes anybody wait, so its order does not
    matter. It is on the way of every request: `asyncio.Semaphore` and `asyncio.timeout` would do
    the same for several times the price.
    """

    def __init__(self, places: int, *, timeout: float) -> None:
        """`timeout` is how long one may wait, in seconds."""
        self._places = places
        self._timeout = timeout
        # By when, and what then becomes of it: True is one's turn, False the end of one's patience.
        self._line: deque[tuple[float, asyncio.Future[bool]]] = deque()
        # For whoever waits longest: those behind have come later.
        self._alarm: asyncio.TimerHandle | None = None
        self.inside = 0

    async def __aenter__(self) -> None:
        """Wait for a place.

        :raises Unavailable: none became free in time.
        """
        if self.enter():
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        waiting = (loop.time() + self._timeout, turn)
        self._line.append(waiting)
        if self._alarm is None:
            self._alarm = loop.call_at(waiting[0], self._expire, loop)
        try:
            let_in = await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.result():
                self.leave()
            elif waiting in self._line:
                self._line.remove(waiting)
            raise
        if not let_in:
            raise Unavailable(
                f"no connection became free within {self._timeout:g} s "
                "(BAKEOFF_POOL_MAX, BAKEOFF_POOL_TIMEOUT)"
            )

    def enter(self) -> bool:
        """Take a place if one is free, and say whether; there is no line where one is."""
        if self.inside < self._places:
            self.inside += 1
            return True
        return False

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the next one in."""
        self.leave()

    def leave(self) -> None:
        """Let the next one in: nothing is waited for, so no cancellation can come in between."""
        while self._line:
            _, turn = self._line.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        self.inside -= 1
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        self._alarm = None
        while self._line and self._line[0][0] <= loop.time():
            _, turn = self._line.popleft()
            if not turn.done():
                turn.set_result(False)
        if self._line:
            self._alarm = loop.call_at(self._line[0][0], self._expire, loop)
