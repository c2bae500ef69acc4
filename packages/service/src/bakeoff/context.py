"""What every route needs, made once for each application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from bakeoff.metrics import Metrics
from bakeoff.passwords import Passwords
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.cursors import CursorCodec


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The unit of work, and what else a route needs."""

    work: UnitOfWork
    cursors: CursorCodec
    passwords: Passwords
    metrics: Metrics
    settings: Settings


async def get_context(request: Request) -> Context:
    """The context of the application that received the request."""
    context: Context = request.app.state.context
    return context


Shared = Annotated[Context, Depends(get_context)]
