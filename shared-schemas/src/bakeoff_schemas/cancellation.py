"""Work that a cancellation must not leave half done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def uninterrupted(
    work: Coroutine[Any, Any, T],
    *,
    on_cancel: Callable[[], None] | None = None,
    grace: float | None = None,
) -> T:
    """Run the work to its end, and only then pass a cancellation on.

    `asyncio.shield` would return at once and leave the work behind. `on_cancel` is called at the
    first cancellation, so that the work may end sooner. From then on the work has `grace` seconds
    before it is cancelled as well. Once cancelled, an error of the work is not raised.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    deadline: float | None = None
    while not task.done():
        try:
            remaining = None if deadline is None else max(0.0, deadline - loop.time())
            await asyncio.wait((task,), timeout=remaining)
        except asyncio.CancelledError as error:
            if cancelled is None:
                deadline = None if grace is None else loop.time() + grace
                if on_cancel is not None:
                    on_cancel()
            cancelled = error
        if deadline is not None and loop.time() >= deadline:
            task.cancel()
            deadline = None
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # or asyncio logs that it was never retrieved
    raise cancelled
