"""What is done to the end although its task is cancelled, and what is cancelled later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def uninterrupted(
    work: Coroutine[Any, Any, T], *, on_cancel: Callable[[], None] | None = None
) -> T:
    """Do the work to its end, and only then hear of a cancellation.

    `asyncio.shield` would go on at once and leave the work behind. `on_cancel` is told of the
    first cancellation, so that the work may be brought to its end sooner.
    """
    task = asyncio.get_running_loop().create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            if cancelled is None and on_cancel is not None:
                on_cancel()
            cancelled = error
    if cancelled is not None:
        # Whether the work has failed is no news to a task that has gone away.
        task.cancelled() or task.exception()
        raise cancelled
    return task.result()


def put_off(cancelled: asyncio.CancelledError) -> None:
    """Let the cancellation that has just been caught come again at the next await.

    It remains one cancellation, with its message, for those who count or know it.
    """
    task = asyncio.current_task()
    if task is None:
        raise cancelled
    task.uncancel()
    task.cancel(*cancelled.args)
