"""Work that is cancelled at a moment of our choosing: at the first of its waits, or at the tenth.

To wait for a time and then to cancel would hit the same few places again and again, and others on
another machine. A task tells everything that it waits for, so that each of them can be had.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Interrupted(Generic[T]):
    """Awaitable once: runs the work, and cancels its own task at one of its waits."""

    def __init__(self, work: Coroutine[Any, Any, T], *, at: int, later: float | None) -> None:
        """`at` counts from 0; `later` cancels so many seconds after that, wherever it is then."""
        self._work = work
        self._at = at
        self._later = later
        self.reached = False

    def __await__(self) -> Generator[Any, Any, T]:
        """Pass on what the work waits for, and what it is answered."""
        steps = self._work.__await__()
        answer: Any = None
        error: BaseException | None = None
        waits = 0
        while True:
            try:
                awaited = steps.send(answer) if error is None else steps.throw(error)
            except StopIteration as end:
                result: T = end.value
                return result
            if waits == self._at:
                self._cancel()
            waits += 1
            answer, error = None, None
            try:
                answer = yield awaited
            except BaseException as thrown:
                error = thrown

    def _cancel(self) -> None:
        self.reached = True
        task = asyncio.current_task()
        assert task is not None
        if self._later is None:
            task.cancel()
        else:
            asyncio.get_running_loop().call_later(self._later, task.cancel)


async def interrupt(
    work: Coroutine[Any, Any, object], *, at: int, later: float | None = None
) -> tuple[bool, bool]:
    """Run it as a task of its own; whether it came that far, and whether it ended as cancelled."""
    interrupted = Interrupted(work, at=at, later=later)

    async def run() -> None:
        await interrupted

    task = asyncio.ensure_future(run())
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return interrupted.reached, task.cancelled()
