"""Work that a cancellation must not cut short."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def uninterrupted(work: Coroutine[Any, Any, None], *, patience: float | None = None) -> None:
    """Do the work to its end, and only then hear of a cancellation.

    `asyncio.shield` alone would go on at once and leave the work behind. Once cancelled, the task
    waits for `patience` seconds at most, and then the work is cancelled as well.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    end: float | None = None
    while not task.done():
        try:
            await asyncio.wait((task,), timeout=None if end is None else max(0, end - loop.time()))
        except asyncio.CancelledError as error:
            cancelled = error
            if patience is not None and end is None:
                end = loop.time() + patience
        if end is not None and loop.time() >= end:
            task.cancel()
            end = patience = None
    if cancelled is not None:
        # The failure of the work, if it has failed, is no news to somebody who has gone away.
        task.cancelled() or task.exception()
        raise cancelled
    task.result()
