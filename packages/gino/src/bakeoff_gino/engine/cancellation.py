"""Work of a cancelled task that a second cancellation must not cut short."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


async def uninterrupted(work: Coroutine[Any, Any, None]) -> None:
    """Do it to the end: the task is on its way out already, and a further push adds nothing."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancelled = error
    with suppress(asyncio.CancelledError):
        task.result()
    if cancelled is not None:
        raise cancelled
