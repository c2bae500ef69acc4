"""What every route needs, made once for each application."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from fastapi import Depends, Request

from bakeoff.metrics import Metrics
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.cursors import CursorCodec

if TYPE_CHECKING:
    from bakeoff.outbox.serving import Outbox


class Passwords:
    """Hashes passwords with Argon2id (RFC 9106), away from the event loop."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib
        )
        # One hash takes a processor and 64 MiB. More at once would end no sooner, and anyone can
        # ask for them. A CapacityLimiter serves first come, first served.
        self._limit = CapacityLimiter(os.cpu_count() or 1)

    async def hash(self, password: str) -> str:
        """The encoded hash; takes tens of milliseconds of a thread."""
        return await to_thread.run_sync(self._hasher.hash, password, limiter=self._limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The unit of work, and what else a route needs; None is a feature that is off."""

    work: UnitOfWork
    cursors: CursorCodec
    passwords: Passwords
    metrics: Metrics
    settings: Settings
    outbox: Outbox | None = None


async def get_context(request: Request) -> Context:
    """The context of the application that received the request."""
    context: Context = request.app.state.context
    return context


Shared = Annotated[Context, Depends(get_context)]
