"""Work of a cancelled task that a second cancellation must not cut short."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress


async def uninterrupted(work: Awaitable[None]) -> None:
    """Do it to the end: the task is on its way out already, and a further push adds nothing."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait((task,))
    task.result()
